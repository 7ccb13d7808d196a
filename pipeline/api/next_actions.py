"""/api/v1/next-actions and /api/v1/next-actions/{account_id}: what to do next, and what somebody says to it."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from integrations.api import bodies, parameters
from integrations.api.bodies import Body, Values
from integrations.api.components import MoneySerializer, ReferenceSerializer, reference
from integrations.api.views import ListView, RecordView, Row
from integrations.api.writing import ChangingView
from pipeline.api.writing import RecordWritingView
from pipeline.models import IN_PLAN, Choice, NextAction, Place, Segment
from pipeline.operations.next_actions import UnableToChoose, choose_action
from pipeline.queries.action_words import action_fact, action_sentence, place_sentence
from tenancy.keyset import Sort

EXAMPLE = {
    "account": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10", "name": "Velora E-Bikes"},
    "owner": {"id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a77", "name": "Mara Lindqvist"},
    "rank": 1,
    "own_rank": 1,
    "place": "ranked",
    "why": "An hour here brings €412; what stayed outside brings €120 at most.",
    "is_planned": True,
    "hours": 1.5,
    "value": {"amount_minor": 61_800, "currency": "EUR"},
    "value_per_hour": {"amount_minor": 41_200, "currency": "EUR"},
    "actions": [
        {
            "kind": "deal",
            "hours": 1.5,
            "sentence": "Bring 2027 drive framework on",
            "reason": "Open for 34 days",
            "records": [
                {
                    "type": "opportunity",
                    "id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2b01",
                    "label": "2027 drive framework",
                }
            ],
        }
    ],
    "days_left": None,
    "choice": None,
    "chosen_at": None,
    "until": None,
    "run_id": "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2e01",
    "as_of": "2026-11-23T01:00:00Z",
}
KINDS = ("answer", "deal", "recover", "reorder", "offer", "meet", "call", "find", "service")


class ActionRecordSerializer(serializers.Serializer[Any]):
    """A record that an action is about."""

    type = serializers.ChoiceField(["opportunity", "inquiry", "product", "contact"])
    id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]  # the record's, not DRF's


class ActionSerializer(serializers.Serializer[Any]):
    """One thing to do."""

    kind = serializers.ChoiceField(KINDS)
    hours = serializers.FloatField()
    sentence = serializers.CharField()
    reason = serializers.CharField(help_text="The fact behind it; empty where there is none.")
    records = ActionRecordSerializer(many=True)


class NextActionSerializer(serializers.Serializer[Any]):
    """What to do next with an account, why it stands where it stands, and what was said to it."""

    account = ReferenceSerializer()
    owner = ReferenceSerializer(allow_null=True)
    rank = serializers.IntegerField(help_text="Of all accounts, by value per hour: the rank of the account's score.")
    own_rank = serializers.IntegerField(help_text="By value per hour among the accounts of its owner; 0 without.")
    place = serializers.ChoiceField(Place.choices)
    why = serializers.CharField(help_text="The place as a sentence.")
    is_planned = serializers.BooleanField(help_text="Whether it stands in the plan of the next seven days.")
    hours = serializers.FloatField()
    value = MoneySerializer(help_text="What these hours are expected to change.")
    value_per_hour = MoneySerializer(help_text="What an hour of the best first step is expected to add.")
    actions = ActionSerializer(many=True)
    days_left = serializers.IntegerField(allow_null=True, help_text="Until something may be done again.")
    choice = serializers.ChoiceField(Choice.choices, allow_null=True)
    chosen_at = serializers.DateTimeField(allow_null=True)
    until = serializers.DateField(allow_null=True, help_text="The first day on which the choice counts no more.")
    run_id = serializers.UUIDField()
    as_of = serializers.DateTimeField()


class NextActionView(RecordView):
    """What to do next with the accounts of an organisation."""

    required_scope, write_scope = "scores:read", "accounts:write"
    singular, plural = "next_action", "next_actions"
    record = NextActionSerializer
    example = EXAMPLE
    columns = (
        *("id", "account_id", "account__name", "owner_id", "owner__name", "rank", "own_rank", "place", "hours"),
        *("value_minor", "per_hour_minor", "currency", "actions", "days_left", "unmet_hours", "choice", "chosen_at"),
        *("chosen_until", "run_id", "as_of", "plan__cut_minor", "plan__hours"),
    )

    def rows(self) -> QuerySet[Any, Any]:
        """Return the next actions of accounts that were not deleted."""
        actions: QuerySet[Any, Any] = NextAction.objects.for_organization(self.organization_id)
        return actions.filter(account__deleted_at=None)

    def shaped(self, row: Row) -> dict[str, Any]:
        """Return a next action with its sentences."""
        place = {**row, "cut_minor": row["plan__cut_minor"], "week_hours": row["plan__hours"]}
        return {
            "account": reference(row, "account"),
            "owner": reference(row, "owner"),
            **{name: row[name] for name in ("rank", "own_rank", "place")},
            "why": place_sentence(place),
            "is_planned": row["place"] in IN_PLAN,
            "hours": row["hours"],
            "value": {"amount_minor": row["value_minor"], "currency": row["currency"]},
            "value_per_hour": {"amount_minor": row["per_hour_minor"], "currency": row["currency"]},
            "actions": [
                {
                    "kind": one["kind"],
                    "hours": one["hours"],
                    "sentence": action_sentence(one),
                    "reason": action_fact(one),
                    "records": [one[name] for name in ("record", "contact") if name in one],
                }
                for one in row["actions"]
            ],
            "days_left": row["days_left"],
            "choice": row["choice"] or None,
            "chosen_at": row["chosen_at"],
            "until": row["chosen_until"],
            "run_id": row["run_id"],
            "as_of": row["as_of"],
        }


class NextActionListView(NextActionView, ListView):
    """What to do next, page by page, the first rank first. When `run_id` changes between two pages, a new plan
    was made meanwhile: begin again.
    """

    summary = "List next actions"
    sorts = (Sort("rank", "rank"),)
    filters = (
        parameters.codes("place", "place", Place.values, "Why it is in the plan, or is not."),
        parameters.codes("choice", "choice", Choice.values, "What was said to it."),
        parameters.identifier("owner", "owner_id", "The person whose hours it takes."),
        parameters.codes("segment", "account__segment", Segment.values, "How large the account is to you."),
    )


BODY = Body(
    "NextAction",
    [
        bodies.code("choice", Choice.values, "What is said to it; null takes it back.", example="deferred"),
        bodies.day("until", "The day on which something put off comes back.", example="2026-12-07"),
    ],
    read_only=tuple(name for name in EXAMPLE if name not in ("choice", "until")),
)


class NextActionDetailView(NextActionView, RecordWritingView, ChangingView):
    """The next action of one account, by the account's id."""

    summary = "Get the next action of an account"
    key = "account_id"
    body = BODY
    refusals = {UnableToChoose: "choice"}
    about = {
        "PATCH": "Accepted, its hours are kept free until somebody was in touch, a week at most. Deferred, it comes "
        "back on the day `until`. Ignored, it rests for four weeks. The next night plans around it; each choice is "
        "an event."
    }

    def change(self, record: NextAction, values: Values) -> None:
        """Keep what was said."""
        choose_action(
            organization=self.organization,
            account_id=record.account_id,
            choice=values.get("choice", record.choice),
            member=None,
            at=self.now,
            until=values.get("until"),
        )
