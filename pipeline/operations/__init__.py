"""What changes customers and deals."""

from pipeline.operations.account_upserts import upsert_accounts
from pipeline.operations.accounts import AccountFields, UnableToNestAccount, create_account, update_account
from pipeline.operations.activities import ActivityFields, UnableToLogActivity, log_activity, update_activity
from pipeline.operations.changes import StaleVersion
from pipeline.operations.contacts import ContactFields, create_contact, update_contact
from pipeline.operations.criteria import UnableToCheck, check_criterion, checklist
from pipeline.operations.deal_parties import UnableToSetParties, set_deal_people, set_splits
from pipeline.operations.decisions import StaleDecision, UnableToDecide, ask_decision, decide, may_decide
from pipeline.operations.deletion import UNDO_WINDOW, UnableToRestore, delete_record, restore_record
from pipeline.operations.external_scores import (
    UnableToRecordScore,
    record_external_score,
    record_external_scores,
)
from pipeline.operations.forecast_submissions import (
    ReasonMissing,
    UnableToSubmit,
    UnfitPromise,
    submit_forecast,
)
from pipeline.operations.inquiries import InquiryFields, UnableToChangeInquiry, receive_inquiry, update_inquiry
from pipeline.operations.noting import NotedChange, noted_changes
from pipeline.operations.opportunities import (
    OpportunityFields,
    UnableToMoveStage,
    change_opportunity,
    create_opportunity,
    move_stage,
    update_opportunity,
)
from pipeline.operations.opportunity_scores import NewOpportunityScore, record_opportunity_scores
from pipeline.operations.opportunity_upserts import upsert_opportunities
from pipeline.operations.orders import NewLine, OrderFields, create_order, update_order
from pipeline.operations.overrides import (
    UnableToOverride,
    keep_overrides,
    mark_to_check,
    override_score,
    return_to_automatic,
)
from pipeline.operations.period_forecasts import NewForecast, record_forecasts
from pipeline.operations.process import (
    StaleProcess,
    UnableToChangeProcess,
    change_lost_reasons,
    change_pipeline,
    change_warnings,
    create_pipeline,
    delete_pipeline,
)
from pipeline.operations.products import ProductFields, create_product, update_product
from pipeline.operations.quotas import (
    StaleQuota,
    UnableToSetQuota,
    change_quota,
    create_quota,
    delete_quota,
    record_season,
)
from pipeline.operations.review import close_exception
from pipeline.operations.satisfaction import (
    SatisfactionFields,
    UnableToRecordAnswer,
    record_satisfaction_response,
)
from pipeline.operations.saved_views import UnableToKeepView, change_view, choose_view, delete_view, save_view
from pipeline.operations.scores import BANDS, Explained, NewScores, Recorded, record_scores
from pipeline.operations.snapshots import close_snapshot_days, make_room_for_snapshots, snapshot_open_opportunities
from pipeline.operations.stage_changes import (
    change_stage,
    create_stage,
    delete_stage,
    place_stage,
    record_learned_days,
    restore_stage,
    retire_stage,
)
from pipeline.operations.stages import DEFAULT_STAGES, create_default_pipeline
from pipeline.operations.stalled import UnableToSettle, push_out, revive, stop
from pipeline.operations.undo import Refusal, UnableToUndo, Undone, keep_undo_step, undo
from pipeline.operations.upserts import Upserted

__all__ = [
    "BANDS",
    "DEFAULT_STAGES",
    "UNDO_WINDOW",
    "AccountFields",
    "ActivityFields",
    "ContactFields",
    "Explained",
    "InquiryFields",
    "NewForecast",
    "NewLine",
    "NewOpportunityScore",
    "NewScores",
    "NotedChange",
    "OpportunityFields",
    "OrderFields",
    "ProductFields",
    "ReasonMissing",
    "Recorded",
    "Refusal",
    "SatisfactionFields",
    "StaleDecision",
    "StaleProcess",
    "StaleQuota",
    "StaleVersion",
    "UnableToChangeInquiry",
    "UnableToChangeProcess",
    "UnableToCheck",
    "UnableToDecide",
    "UnableToKeepView",
    "UnableToLogActivity",
    "UnableToMoveStage",
    "UnableToNestAccount",
    "UnableToOverride",
    "UnableToRecordAnswer",
    "UnableToRecordScore",
    "UnableToRestore",
    "UnableToSetParties",
    "UnableToSetQuota",
    "UnableToSettle",
    "UnableToSubmit",
    "UnableToUndo",
    "Undone",
    "UnfitPromise",
    "Upserted",
    "ask_decision",
    "change_lost_reasons",
    "change_opportunity",
    "change_pipeline",
    "change_quota",
    "change_stage",
    "change_view",
    "change_warnings",
    "check_criterion",
    "checklist",
    "choose_view",
    "close_exception",
    "close_snapshot_days",
    "create_account",
    "create_contact",
    "create_default_pipeline",
    "create_opportunity",
    "create_order",
    "create_pipeline",
    "create_product",
    "create_quota",
    "create_stage",
    "decide",
    "delete_pipeline",
    "delete_quota",
    "delete_record",
    "delete_stage",
    "delete_view",
    "keep_overrides",
    "keep_undo_step",
    "log_activity",
    "make_room_for_snapshots",
    "mark_to_check",
    "may_decide",
    "move_stage",
    "noted_changes",
    "override_score",
    "place_stage",
    "push_out",
    "receive_inquiry",
    "record_export",
    "record_external_score",
    "record_external_scores",
    "record_forecasts",
    "record_learned_days",
    "record_opportunity_scores",
    "record_satisfaction_response",
    "record_scores",
    "record_season",
    "restore_record",
    "restore_stage",
    "retire_stage",
    "return_to_automatic",
    "revive",
    "save_view",
    "set_deal_people",
    "set_splits",
    "snapshot_open_opportunities",
    "stop",
    "submit_forecast",
    "undo",
    "update_account",
    "update_activity",
    "update_contact",
    "update_inquiry",
    "update_opportunity",
    "update_order",
    "update_product",
    "upsert_accounts",
    "upsert_opportunities",
]
