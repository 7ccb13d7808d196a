"""Every address of the API. Without a slash at the end, as `docs/integrators.md` promises."""

from django.urls import path, re_path

from coe.api.scoring_models import ScoringModelDetailView, ScoringModelListView
from integrations.api.document import SchemaView
from integrations.api.events import EventListView
from integrations.api.exchange_rates import (
    ExchangeRateBulkView,
    ExchangeRateDetailView,
    ExchangeRateListView,
)
from integrations.api.imports import ImportDetailView, ImportListView
from integrations.api.members import MemberDetailView, MemberListView
from integrations.api.nightly_runs import NightlyRunDetailView, NightlyRunListView
from integrations.api.units import UnitDetailView, UnitListView
from integrations.api.views import no_such_address
from integrations.views.api_reference import api_reference
from pipeline.api.account_scores import AccountScoreDetailView, AccountScoreListView
from pipeline.api.account_values import AccountValueDetailView, AccountValueListView
from pipeline.api.accounts import AccountBulkView, AccountDetailView, AccountListView
from pipeline.api.activities import ActivityDetailView, ActivityListView
from pipeline.api.contacts import ContactDetailView, ContactListView
from pipeline.api.deal_parties import DealPartiesDetailView, DealPartiesListView
from pipeline.api.decisions import DecisionDetailView, DecisionListView
from pipeline.api.external_scores import ExternalScoreBulkView, ExternalScoreDetailView, ExternalScoreListView
from pipeline.api.forecast_submissions import (
    ForecastSubmissionDetailView,
    ForecastSubmissionListView,
    SubmittedDealListView,
)
from pipeline.api.forecasts import ForecastDetailView, ForecastListView
from pipeline.api.inquiries import InquiryDetailView, InquiryListView
from pipeline.api.next_actions import NextActionDetailView, NextActionListView
from pipeline.api.opportunities import OpportunityBulkView, OpportunityDetailView, OpportunityListView
from pipeline.api.opportunity_scores import OpportunityScoreDetailView, OpportunityScoreListView
from pipeline.api.orders import OrderDetailView, OrderListView
from pipeline.api.pipeline_changes import PipelineChangesView
from pipeline.api.pipeline_snapshots import PipelineSnapshotListView
from pipeline.api.pipelines import PipelineDetailView, PipelineListView
from pipeline.api.products import ProductDetailView, ProductListView
from pipeline.api.quotas import QuotaDetailView, QuotaListView
from pipeline.api.satisfaction_responses import SatisfactionResponseDetailView, SatisfactionResponseListView
from pipeline.api.score_overrides import ScoreOverrideDetailView, ScoreOverrideListView
from pipeline.api.stage_moves import StageMoveDetailView, StageMoveListView
from pipeline.api.stages import StageDetailView, StageListView

app_name = "api"
urlpatterns = [
    path("docs", api_reference, name="docs"),
    path("v1/schema", SchemaView.as_view(), name="schema"),
    path("v1/accounts", AccountListView.as_view(), name="accounts"),
    path("v1/accounts/bulk", AccountBulkView.as_view(), name="accounts-bulk"),
    path("v1/accounts/<uuid:id>", AccountDetailView.as_view(), name="account"),
    path("v1/opportunities", OpportunityListView.as_view(), name="opportunities"),
    path("v1/opportunities/bulk", OpportunityBulkView.as_view(), name="opportunities-bulk"),
    path("v1/opportunities/<uuid:id>", OpportunityDetailView.as_view(), name="opportunity"),
    path("v1/contacts", ContactListView.as_view(), name="contacts"),
    path("v1/contacts/<uuid:id>", ContactDetailView.as_view(), name="contact"),
    path("v1/activities", ActivityListView.as_view(), name="activities"),
    path("v1/activities/<uuid:id>", ActivityDetailView.as_view(), name="activity"),
    path("v1/products", ProductListView.as_view(), name="products"),
    path("v1/products/<uuid:id>", ProductDetailView.as_view(), name="product"),
    path("v1/orders", OrderListView.as_view(), name="orders"),
    path("v1/orders/<uuid:id>", OrderDetailView.as_view(), name="order"),
    path("v1/satisfaction-responses", SatisfactionResponseListView.as_view(), name="satisfaction-responses"),
    path(
        "v1/satisfaction-responses/<uuid:id>",
        SatisfactionResponseDetailView.as_view(),
        name="satisfaction-response",
    ),
    path("v1/inquiries", InquiryListView.as_view(), name="inquiries"),
    path("v1/inquiries/<uuid:id>", InquiryDetailView.as_view(), name="inquiry"),
    path("v1/pipelines", PipelineListView.as_view(), name="pipelines"),
    path("v1/pipelines/<uuid:id>", PipelineDetailView.as_view(), name="pipeline"),
    path("v1/pipeline-snapshots", PipelineSnapshotListView.as_view(), name="pipeline-snapshots"),
    path("v1/pipeline-changes", PipelineChangesView.as_view(), name="pipeline-changes"),
    path("v1/stages", StageListView.as_view(), name="stages"),
    path("v1/stages/<uuid:id>", StageDetailView.as_view(), name="stage"),
    path("v1/forecast", ForecastListView.as_view(), name="forecasts"),
    path("v1/forecast/<uuid:id>", ForecastDetailView.as_view(), name="forecast"),
    path("v1/forecast-submissions", ForecastSubmissionListView.as_view(), name="forecast-submissions"),
    path(
        "v1/forecast-submissions/<uuid:id>",
        ForecastSubmissionDetailView.as_view(),
        name="forecast-submission",
    ),
    path("v1/forecast-submission-deals", SubmittedDealListView.as_view(), name="forecast-submission-deals"),
    path("v1/quotas", QuotaListView.as_view(), name="quotas"),
    path("v1/quotas/<uuid:id>", QuotaDetailView.as_view(), name="quota"),
    path("v1/opportunity-parties", DealPartiesListView.as_view(), name="opportunity-parties"),
    path("v1/opportunity-parties/<uuid:id>", DealPartiesDetailView.as_view(), name="opportunity-parties-of"),
    path("v1/stage-moves", StageMoveListView.as_view(), name="stage-moves"),
    path("v1/stage-moves/<uuid:id>", StageMoveDetailView.as_view(), name="stage-move"),
    path("v1/decisions", DecisionListView.as_view(), name="decisions"),
    path("v1/decisions/<uuid:id>", DecisionDetailView.as_view(), name="decision"),
    path("v1/account-scores", AccountScoreListView.as_view(), name="account-scores"),
    path("v1/account-scores/<uuid:account_id>", AccountScoreDetailView.as_view(), name="account-score"),
    path("v1/score-overrides", ScoreOverrideListView.as_view(), name="score-overrides"),
    path("v1/score-overrides/<uuid:id>", ScoreOverrideDetailView.as_view(), name="score-override"),
    path("v1/opportunity-scores", OpportunityScoreListView.as_view(), name="opportunity-scores"),
    path("v1/opportunity-scores/<uuid:opportunity_id>", OpportunityScoreDetailView.as_view(), name="opportunity-score"),
    path("v1/external-scores", ExternalScoreListView.as_view(), name="external-scores"),
    path("v1/external-scores/bulk", ExternalScoreBulkView.as_view(), name="external-scores-bulk"),
    path("v1/external-scores/<uuid:id>", ExternalScoreDetailView.as_view(), name="external-score"),
    path("v1/account-values", AccountValueListView.as_view(), name="account-values"),
    path("v1/account-values/<uuid:account_id>", AccountValueDetailView.as_view(), name="account-value"),
    path("v1/next-actions", NextActionListView.as_view(), name="next-actions"),
    path("v1/next-actions/<uuid:account_id>", NextActionDetailView.as_view(), name="next-action"),
    path("v1/units", UnitListView.as_view(), name="units"),
    path("v1/units/<uuid:id>", UnitDetailView.as_view(), name="unit"),
    path("v1/members", MemberListView.as_view(), name="members"),
    path("v1/members/<uuid:id>", MemberDetailView.as_view(), name="member"),
    path("v1/exchange-rates", ExchangeRateListView.as_view(), name="exchange-rates"),
    path("v1/exchange-rates/bulk", ExchangeRateBulkView.as_view(), name="exchange-rates-bulk"),
    path("v1/exchange-rates/<uuid:id>", ExchangeRateDetailView.as_view(), name="exchange-rate"),
    path("v1/scoring-models", ScoringModelListView.as_view(), name="scoring-models"),
    path("v1/scoring-models/<uuid:id>", ScoringModelDetailView.as_view(), name="scoring-model"),
    path("v1/nightly-runs", NightlyRunListView.as_view(), name="nightly-runs"),
    path("v1/nightly-runs/<uuid:id>", NightlyRunDetailView.as_view(), name="nightly-run"),
    path("v1/imports", ImportListView.as_view(), name="imports"),
    path("v1/imports/<uuid:id>", ImportDetailView.as_view(), name="import"),
    path("v1/events", EventListView.as_view(), name="events"),
    # Last: else an address that is not there would be taken for a page of an organisation called "api".
    re_path(r"^(?P<rest>.*)$", no_such_address, name="no-such-address"),
]
