"""GET /api/v1/pipeline-changes."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request

from integrations.api import parameters
from integrations.api.components import MoneySerializer
from integrations.api.errors import FieldProblem, InvalidParameters
from integrations.api.views import RecordView, answer
from pipeline.queries.comparison import Comparison, Due, Since, UnableToCompare, compared, window_of
from pipeline.queries.movements import KINDS, Kind, Walk
from pipeline.queries.pipeline_changes import Moment, Viewer, pipeline_changes
from pipeline.queries.waterfall import Waterfall, deals_behind, waterfall_of
from tenancy.conversion import Total, converter_into
from tenancy.models import Organization
from tenancy.working_time import local_day

MOST_DEALS = 200

EXAMPLE = {
    "since": {"at": "2026-11-18T01:00:00Z", "day": "2026-11-17"},
    "until": {"at": "2026-11-24T14:00:00Z", "day": None},
    "due": "quarter",
    "opening": {"deals": 15, "amount": {"amount_minor": 49_206_000, "currency": "EUR"}, "left_out": []},
    "steps": [{"kind": "up", "deals": 1, "effect": {"amount_minor": 5_309_550, "currency": "EUR"}}],
    "closing": {"deals": 15, "amount": {"amount_minor": 54_515_550, "currency": "EUR"}, "left_out": []},
    "flows": [
        {
            "source": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2d11",
            "target": "won",
            "deals": 2,
            "amount": {"amount_minor": 4_100_500, "currency": "EUR"},
        }
    ],
    "deals": [
        {
            "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2b01",
            "name": "2027 drive framework",
            "kinds": ["up"],
            "source": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2d12",
            "target": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2d12",
            "effect": {"amount_minor": 5_309_550, "currency": "EUR"},
        }
    ],
    "deals_in_all": 1,
}

KIND_CHOICES = [(kind.value, kind.value) for kind in Kind]
_NODE = f"The id of a stage, or how a deal came in or left: {', '.join(kind.value for kind in Kind)}."


class MomentSerializer(serializers.Serializer[Any]):
    """One end of the comparison."""

    at = serializers.DateTimeField()
    day = serializers.DateField(allow_null=True, help_text="The recorded day that it rests on; null: it is now.")


class PipelineTotalSerializer(serializers.Serializer[Any]):
    """What open deals come to."""

    deals = serializers.IntegerField(min_value=0)
    amount = MoneySerializer(help_text="In your organisation's currency, by the current rates at both ends.")
    left_out = MoneySerializer(many=True, help_text="Amounts in currencies that have no rate.")


class PipelineStepSerializer(serializers.Serializer[Any]):
    """What deals did to the total in one way."""

    kind = serializers.ChoiceField(KIND_CHOICES)
    deals = serializers.IntegerField(min_value=0)
    effect = MoneySerializer()


class PipelineFlowSerializer(serializers.Serializer[Any]):
    """Deals that went one way together."""

    source = serializers.CharField(help_text=_NODE)  # type: ignore[assignment]  # the name is the flow's, not DRF's
    target = serializers.CharField(help_text=_NODE)
    deals = serializers.IntegerField(min_value=1)
    amount = MoneySerializer(help_text="What they are worth where they went.")


class ChangedDealSerializer(serializers.Serializer[Any]):
    """A deal that changed."""

    id = serializers.UUIDField()
    name = serializers.CharField(allow_null=True, help_text="Null where the deal is gone for good.")
    kinds = serializers.ListField(child=serializers.ChoiceField(KIND_CHOICES))
    source = serializers.CharField(help_text=_NODE)  # type: ignore[assignment]  # the name is the flow's, not DRF's
    target = serializers.CharField(help_text=_NODE)
    effect = MoneySerializer()


class PipelineChangesSerializer(serializers.Serializer[Any]):
    """What changed: opening and all steps make the closing, to the minor unit."""

    since = MomentSerializer()
    until = MomentSerializer()
    due = serializers.ChoiceField([due.value for due in Due])
    opening = PipelineTotalSerializer()
    steps = PipelineStepSerializer(many=True)
    closing = PipelineTotalSerializer()
    flows = PipelineFlowSerializer(many=True)
    deals = ChangedDealSerializer(many=True, help_text=f"The largest {MOST_DEALS}.")
    deals_in_all = serializers.IntegerField(min_value=0)


def _nothing(_value: Any) -> Q:
    return Q()


class PipelineChangesView(RecordView):
    """What changed in the open pipeline between two moments, of the deals that are due in a period.

    `since` says the first moment; with `from` it is the end of that day, and with `to` the second one is the end of
    that day and not now. Without any of them it is seven days. Where the first day was not recorded, the first one that
    was stands in.
    """

    required_scope = "opportunities:read"
    singular, plural = "pipeline_changes", "pipeline_changes"
    summary = "Compare the pipeline at two moments"
    record = PipelineChangesSerializer
    example = EXAMPLE
    filters = (
        parameters.code(
            "since", [one.value for one in Since if one != Since.DATES], "From when on; the default is week."
        ),
        parameters.on_day("from", _nothing, "From the end of this day."),
        parameters.on_day("to", _nothing, "To the end of this day; without it, to now."),
        parameters.code("due", [one.value for one in Due], "The deals that close then; the default is quarter."),
    )

    def get(self, request: Request) -> HttpResponse:
        """Return what changed.

        :raises InvalidParameters: for days that can't be compared, or while nothing was recorded yet.
        """
        asked, shape = parameters.read_choices(request.query_params, self.filters, self.offer())
        organization = Organization.objects.get(pk=self.organization_id)
        first, last = asked.get("from"), asked.get("to")
        if last is not None and first is None:
            raise InvalidParameters([FieldProblem("to", "to goes together with from.")])
        since = Since.DATES if first else Since(asked.get("since", Since.WEEK))
        due = Due(asked.get("due", Due.QUARTER))
        try:
            ends = compared(organization=organization, now=timezone.now(), since=since, first=first, last=last)
        except UnableToCompare as error:
            raise InvalidParameters([FieldProblem("from", str(error))]) from None
        if ends is None:
            raise InvalidParameters([FieldProblem("since", "Nothing was recorded yet; the first night does.")])
        told = changes_told(organization=organization, ends=ends, due=due)
        return answer({name: told[name] for name in shape.fields} if shape.fields else told)


def changes_told(*, organization: Organization, ends: Comparison, due: Due) -> dict[str, Any]:
    """Return what changed between two moments as the API says it."""
    today = local_day(organization, ends.until.at)
    converter = converter_into(organization.currency, organization=organization, today=today)
    viewer = Viewer(organization, None, today)
    window = window_of(organization=organization, due=due, today=today)
    found = pipeline_changes(viewer=viewer, since=ends.since, until=ends.until, window=window, converter=converter)
    shown = waterfall_of(found, converter)
    changed = [walk for walk in found.walks if walk.steps or walk.source != walk.target]
    currency = converter.currency
    return {
        "since": _moment(ends.since),
        "until": _moment(ends.until),
        "due": due.value,
        "opening": _total(shown.opening, shown.opening_count),
        "steps": _steps(shown),
        "closing": _total(shown.closing, shown.closing_count),
        "flows": [
            {
                "source": flow.source,
                "target": flow.target,
                "deals": flow.count,
                "amount": _money(converter.total(flow.after).amount_minor, currency),
            }
            for flow in sorted(found.flows, key=lambda flow: (flow.source in KINDS, flow.source, flow.target))
        ],
        "deals": [
            {
                "id": one.walk.passage.deal,
                "name": one.deal.name if one.deal else None,
                "kinds": _kinds(one.walk),
                "source": one.walk.source,
                "target": one.walk.target,
                "effect": _money(one.effect_minor, currency),
            }
            for one in deals_behind(viewer, changed, converter, most=MOST_DEALS)
        ],
        "deals_in_all": len(changed),
    }


def _moment(moment: Moment) -> Mapping[str, Any]:
    return {"at": moment.at, "day": None if moment.recorded is None else moment.recorded.snapshot_date}


def _money(amount_minor: int, currency: str) -> Mapping[str, Any]:
    return {"amount_minor": amount_minor, "currency": currency}


def _total(total: Total, count: int) -> Mapping[str, Any]:
    left_out = [_money(minor, code) for code, minor in sorted(total.left_out.items())]
    return {"deals": count, "amount": _money(total.amount_minor, total.currency), "left_out": left_out}


def _steps(shown: Waterfall) -> list[Mapping[str, Any]]:
    return [
        {"kind": bar.kind.value, "deals": bar.count, "effect": _money(bar.effect_minor, shown.currency)}
        for bar in shown.bars
    ]


def _kinds(walk: Walk) -> list[str]:
    return [step.kind.value for step in walk.steps]
