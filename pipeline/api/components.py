"""The records of the API as the OpenAPI document describes them. Answers are held against this by the tests."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from rest_framework import serializers

from integrations.api.components import MoneySerializer, ReferenceSerializer
from pipeline.models import PINNABLE, Band, ForecastCategory, IcpFit, Lifecycle, Outcome, OverrideReason, Segment
from pipeline.rules import reason_sentence

CUSTOM = "Columns that imports kept under a name of their own: texts, numbers, dates, yes and no by the column's key."


class RecordSerializer(serializers.Serializer[Any]):
    """What every customer record has."""

    id = serializers.UUIDField(help_text="Ours. It never changes, and sorts by creation.")
    source = serializers.CharField(  # type: ignore[assignment]  # the name is the record's, not DRF's
        help_text="Where the record came from: manual, import:<name>, simulation."
    )
    external_id = serializers.CharField(help_text="The id that the source knows it by.")
    version = serializers.IntegerField(help_text="Grows by one with every change.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class AccountSerializer(RecordSerializer):
    """A firm: a customer, a prospect, or a former customer. What is not known is null."""

    name = serializers.CharField()
    parent_id = serializers.UUIDField(allow_null=True, help_text="The account of the group that it belongs to.")
    owner = ReferenceSerializer(allow_null=True)
    lifecycle = serializers.ChoiceField(Lifecycle.choices)
    segment = serializers.ChoiceField(Segment.choices, allow_null=True)
    industry = serializers.CharField(allow_null=True)
    region = serializers.CharField(allow_null=True)
    country = serializers.RegexField(r"^[A-Z]{2}$", allow_null=True, help_text="ISO 3166, two letters")
    city = serializers.CharField(allow_null=True)
    website = serializers.CharField(allow_null=True)
    employees = serializers.IntegerField(allow_null=True)
    annual_revenue = MoneySerializer(allow_null=True)
    potential = MoneySerializer(allow_null=True, help_text="What the firm could buy from us in a year.")
    customer_since = serializers.DateField(allow_null=True)
    icp_fit = serializers.ChoiceField(
        IcpFit.choices, allow_null=True, help_text="How well it matches the customers that you serve best."
    )
    custom = serializers.DictField(help_text=CUSTOM)


class StageSerializer(serializers.Serializer[Any]):
    """A step of a pipeline."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    forecast_category = serializers.ChoiceField(ForecastCategory.choices)


class OpportunitySerializer(RecordSerializer):
    """A possible sale, which the screens call a deal. What is not known is null."""

    name = serializers.CharField()
    account = ReferenceSerializer(allow_null=True)
    owner = ReferenceSerializer(allow_null=True)
    product = ReferenceSerializer(allow_null=True)
    pipeline = ReferenceSerializer()
    stage = StageSerializer()
    outcome = serializers.ChoiceField(Outcome.choices)
    amount = MoneySerializer(allow_null=True)
    probability_bp = serializers.IntegerField(
        min_value=0,
        max_value=10_000,
        help_text="The chance to win in hundredths of a percent: the deal's own, else its stage's.",
    )
    forecast_category = serializers.ChoiceField(
        ForecastCategory.choices, help_text="How firmly it counts: as it was pinned, else as its stage says."
    )
    pinned_category = serializers.ChoiceField(
        [(one.value, one.label) for one in PINNABLE],
        allow_null=True,
        help_text="Set by hand and kept until cleared; null where its stage says. It rests while the deal is closed.",
    )
    close_date = serializers.DateField(
        allow_null=True, help_text="The expected day while it is open, the real one afterwards."
    )
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    stage_entered_at = serializers.DateTimeField()
    lost_reason = serializers.CharField(allow_null=True)
    next_step = serializers.CharField(allow_null=True)
    next_step_date = serializers.DateField(allow_null=True)
    custom = serializers.DictField(help_text=CUSTOM)


class EvidenceSerializer(serializers.Serializer[Any]):
    """A record that a reason rests on."""

    type = serializers.CharField(help_text="opportunity, order, activity, …")
    id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]  # as above


class ReasonSerializer(serializers.Serializer[Any]):
    """One reason of a score. The points of all the reasons and of the starting point add up to the log-odds."""

    code = serializers.CharField(help_text="Stays the same from run to run.")
    points = serializers.FloatField()
    sentence = serializers.CharField(help_text="The reason in words, as of the day of the score.")
    records = EvidenceSerializer(many=True)


def reason_shown(reason: Mapping[str, Any], day: date) -> dict[str, Any]:
    """Return a reason as the API shows it; its sentence speaks of the day that the score looks at."""
    return {
        "code": reason["code"],
        "points": reason["points"],
        "sentence": reason_sentence(reason, day),
        "records": reason.get("records", []),
    }


class ByHandSerializer(serializers.Serializer[Any]):
    """A score set by hand; `/api/v1/score-overrides` tells more."""

    score = serializers.IntegerField(min_value=1, max_value=99)
    reason = serializers.ChoiceField(OverrideReason.choices)
    expires_on = serializers.DateField()


class AccountScoreSerializer(serializers.Serializer[Any]):
    """The current score of an account: how likely it is to buy, what is at stake, and why."""

    account = ReferenceSerializer()
    score = serializers.IntegerField(min_value=1, max_value=99, help_text="The probability in percent, 1 to 99.")
    previous_score = serializers.IntegerField(min_value=1, max_value=99, allow_null=True)
    rank = serializers.IntegerField(min_value=1, help_text="By `value_per_hour` among all accounts; 1 comes first.")
    previous_rank = serializers.IntegerField(min_value=1, allow_null=True)
    band = serializers.ChoiceField(
        Band.choices, help_text="Bands end where hours end: today's at a fifth of what all people have for a week."
    )
    probability = serializers.FloatField(min_value=0, max_value=1)
    value = MoneySerializer(allow_null=True, help_text="What is at stake: the chance times what it would likely spend.")
    value_per_hour = MoneySerializer(
        allow_null=True, help_text="What an hour of the best first step is expected to add. The rank is by this."
    )
    reasons = ReasonSerializer(many=True)
    check = serializers.BooleanField(
        help_text="The model is too sure of itself about accounts of this segment or territory: look twice."
    )
    by_hand = ByHandSerializer(
        allow_null=True,
        help_text="What somebody set in its place for a while; rank, band and value follow it.",
    )
    run_id = serializers.UUIDField(help_text="The run that made it; all the scores of one run belong together.")
    model_version = serializers.CharField()
    as_of = serializers.DateTimeField(help_text="What happened later did not count.")
    scored_at = serializers.DateTimeField()
    data_up_to = serializers.DateTimeField(allow_null=True, help_text="The newest fact that was seen.")
