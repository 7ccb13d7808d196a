"""The tables of customers and deals."""

from pipeline.models.account import Account, IcpFit, Lifecycle, Segment
from pipeline.models.account_value import AccountValue, WalletBasis
from pipeline.models.activity import Activity, ActivityKind, Direction
from pipeline.models.bulk import BulkChange, BulkState
from pipeline.models.contact import BuyingRole, Contact
from pipeline.models.custom import CustomColumn, CustomKind, CustomRecord, CustomValues
from pipeline.models.deal_party import DealContact, DealSplit
from pipeline.models.decision import Decision, DecisionType
from pipeline.models.external_score import ExternalScore, Trend
from pipeline.models.forecast import (
    ForecastSubmission,
    Phasing,
    Quota,
    Season,
    SubmissionPeriod,
    SubmittedDeal,
)
from pipeline.models.history import BY_STAGE, OpportunityHistory, TrackedField
from pipeline.models.inquiry import Inquiry, InquiryChannel, InquiryState
from pipeline.models.lost_reason import LostReasons
from pipeline.models.next_action import IN_PLAN, Choice, NextAction, Place, PlannedAction, WeekPlan
from pipeline.models.opportunity import PINNABLE, Opportunity, Outcome
from pipeline.models.opportunity_score import OpportunityScore
from pipeline.models.order import Order, OrderLine, OrderStatus
from pipeline.models.override import OverrideEnd, OverrideReason, ScoreOverride
from pipeline.models.period_forecast import ForecastPeriod, PeriodForecast
from pipeline.models.product import Product
from pipeline.models.record import MANUAL, CrmRecord
from pipeline.models.review import ReviewEnd, ReviewMark, ReviewReason
from pipeline.models.satisfaction import SatisfactionResponse
from pipeline.models.saved_view import ListName, SavedView, ViewChoice
from pipeline.models.score import AccountScore, AccountScoreHistory, Band, ScorePublication
from pipeline.models.snapshot import OpportunitySnapshot, SnapshotDay
from pipeline.models.stage import (
    Criterion,
    CriterionCheck,
    CriterionCode,
    ForecastCategory,
    Mover,
    Pipeline,
    PipelineUnit,
    Stage,
    StageKind,
    criterion_words,
)
from pipeline.models.undo import UNDO_MINUTES, UNDO_TIME, ChangeKind, UndoChange, UndoStep
from pipeline.models.usage import UsageSignal
from pipeline.models.warning import WarningCode, WarningRules

__all__ = [
    "BY_STAGE",
    "IN_PLAN",
    "MANUAL",
    "PINNABLE",
    "UNDO_MINUTES",
    "UNDO_TIME",
    "Account",
    "AccountScore",
    "AccountScoreHistory",
    "AccountValue",
    "Activity",
    "ActivityKind",
    "Band",
    "BulkChange",
    "BulkState",
    "BuyingRole",
    "ChangeKind",
    "Choice",
    "Contact",
    "Criterion",
    "CriterionCheck",
    "CriterionCode",
    "CrmRecord",
    "CustomColumn",
    "CustomKind",
    "CustomRecord",
    "CustomValues",
    "DealContact",
    "DealSplit",
    "Decision",
    "DecisionType",
    "Direction",
    "ExternalScore",
    "ForecastCategory",
    "ForecastPeriod",
    "ForecastSubmission",
    "IcpFit",
    "Inquiry",
    "InquiryChannel",
    "InquiryState",
    "Lifecycle",
    "ListName",
    "LostReasons",
    "Mover",
    "NextAction",
    "Opportunity",
    "OpportunityHistory",
    "OpportunityScore",
    "OpportunitySnapshot",
    "Order",
    "OrderLine",
    "OrderStatus",
    "Outcome",
    "OverrideEnd",
    "OverrideReason",
    "PeriodForecast",
    "Phasing",
    "Pipeline",
    "PipelineUnit",
    "Place",
    "PlannedAction",
    "Product",
    "Quota",
    "ReviewEnd",
    "ReviewMark",
    "ReviewReason",
    "SatisfactionResponse",
    "SavedView",
    "ScoreOverride",
    "ScorePublication",
    "Season",
    "Segment",
    "SnapshotDay",
    "Stage",
    "StageKind",
    "SubmissionPeriod",
    "SubmittedDeal",
    "TrackedField",
    "Trend",
    "UndoChange",
    "UndoStep",
    "UsageSignal",
    "ViewChoice",
    "WalletBasis",
    "WarningCode",
    "WarningRules",
    "WeekPlan",
    "criterion_words",
]
