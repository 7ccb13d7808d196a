"""What to do next with an account, and how a person's week is filled with it."""

from django.db import models
from django.db.models import Q

from pipeline.models.record import one_of
from tenancy.tenant_model import TenantForeignKey, TenantModel


class Place(models.TextChoices):
    """Why an account is in the week's plan, or is not. The first four are in it."""

    ACCEPTED = "accepted", "Somebody is at it"
    FLOOR = "floor", "Promised service"
    RANKED = "ranked", "Worth its hours"
    EXPLORED = "explored", "Picked to learn"
    BELOW_CUT = "below_cut", "Others bring more an hour"
    DID_NOT_FIT = "did_not_fit", "Not enough hours left"
    NO_HOURS = "no_hours", "Its owner has no hours"
    NO_TEAM = "no_team", "Nobody owns it"
    NO_ACTION = "no_action", "Nothing to do was found"
    NO_GAIN = "no_gain", "Nothing would add value"
    TOO_LONG = "too_long", "Takes too much of the week"
    COOLDOWN = "cooldown", "Approached lately"
    SKILL_MISSING = "skill_missing", "Needs a skill that its owner lacks"
    OPTED_OUT = "opted_out", "The customer doesn't want it"
    DEFERRED = "deferred", "Put off"
    IGNORED = "ignored", "Set aside"


IN_PLAN = (Place.ACCEPTED, Place.FLOOR, Place.RANKED, Place.EXPLORED)


class Choice(models.TextChoices):
    """What somebody said to a next action."""

    ACCEPTED = "accepted", "Accepted"
    DEFERRED = "deferred", "Put off"
    IGNORED = "ignored", "Set aside"


class WeekPlan(TenantModel):
    """How the next seven days of a person are filled, as a night planned them. Hours; money is what hours add."""

    run = TenantForeignKey("tenancy.Run", models.CASCADE)
    member = TenantForeignKey("tenancy.Member", models.CASCADE)
    hours = models.FloatField(help_text="That the person has for customers.")
    committed = models.FloatField(help_text="For what was accepted and is not done yet.")
    floors = models.FloatField()
    ranked = models.FloatField()
    explored = models.FloatField()
    cut_minor = models.BigIntegerField(help_text="Money an hour of the best that stayed outside; 0 if nothing did.")
    value_minor = models.BigIntegerField(help_text="What all the planned hours add.")
    lost_minor = models.BigIntegerField(help_text="What a better plan could add at most; 0 where there is none.")
    accounts = models.IntegerField(help_text="That the person owns.")
    currency = models.TextField()
    is_margin = models.BooleanField()
    as_of = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "run", "member"], name="week_plan_once")]
        indexes = [
            models.Index(fields=["organization", "member", "as_of", "id"], name="week_plan_by_member"),
            models.Index(fields=["organization", "-as_of", "-id"], name="week_plan_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.planned:g} of {self.hours:g} hours"

    @property
    def planned(self) -> float:
        """The hours that have something to be done in them."""
        return self.committed + self.floors + self.ranked + self.explored


class NextAction(TenantModel):
    """What to do next with one account, one row each.

    `rank` is that of the account's score: by what an hour of the best first step adds (`per_hour_minor`), of all
    accounts. What stands in the plan has its own hours and value; what doesn't, those of the best that could be done.
    """

    account = TenantForeignKey(
        "pipeline.Account", models.CASCADE, related_name="next_actions", related_query_name="next_action"
    )
    run = TenantForeignKey("tenancy.Run", models.PROTECT)
    plan = TenantForeignKey("pipeline.WeekPlan", models.SET_NULL, null=True)
    owner = TenantForeignKey("tenancy.Member", models.SET_NULL, null=True)
    rank = models.IntegerField()
    own_rank = models.IntegerField(help_text="By value per hour among the accounts of its owner; 0 without.")
    place = models.TextField(choices=Place.choices)
    hours = models.FloatField()
    value_minor = models.BigIntegerField()
    per_hour_minor = models.BigIntegerField()
    currency = models.TextField()
    actions = models.JSONField(default=list, help_text="One or two: kind, hours, record and the facts behind it.")
    days_left = models.IntegerField(null=True, help_text="Until something may be done again.")
    unmet_hours = models.FloatField(default=0, help_text="Of promised service, that its owner does not have.")
    choice = models.TextField(choices=Choice.choices, default="", db_default="")
    chosen_at = models.DateTimeField(null=True)
    chosen_by = TenantForeignKey("tenancy.Member", models.SET_NULL, null=True)
    chosen_until = models.DateField(null=True, help_text="The first day on which the choice counts no more.")
    as_of = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "account"], name="next_action_once"),
            one_of("place", Place, name="next_action_place"),
            one_of("choice", Choice, name="next_action_choice", blank=True),
            models.CheckConstraint(
                condition=Q(choice="", chosen_at=None) | (~Q(choice="") & Q(chosen_at__isnull=False)),
                name="next_action_chosen_when",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "rank", "id"], name="next_action_by_rank"),
            models.Index(fields=["organization", "owner", "rank", "id"], name="next_action_by_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.place}, {self.hours:g} h"

    @property
    def is_planned(self) -> bool:
        """Whether it stands in the plan of the week."""
        return self.place in IN_PLAN


class PlannedAction(TenantModel):
    """What a night put into a person's week: never changed, so that a plan can be held to what came of it."""

    account = TenantForeignKey("pipeline.Account", models.CASCADE)
    run = TenantForeignKey("tenancy.Run", models.PROTECT)
    owner = TenantForeignKey("tenancy.Member", models.SET_NULL, null=True)
    place = models.TextField(choices=Place.choices)
    own_rank = models.IntegerField()
    hours = models.FloatField()
    value_minor = models.BigIntegerField()
    per_hour_minor = models.BigIntegerField()
    currency = models.TextField()
    kinds = models.JSONField(default=list)
    as_of = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "run", "account"], name="planned_action_once"),
            one_of("place", Place, name="planned_action_place"),
        ]
        indexes = [models.Index(fields=["organization", "account", "as_of", "id"], name="planned_by_account")]

    def __str__(self) -> str:
        return f"{self.place}, {self.hours:g} h as of {self.as_of:%Y-%m-%d}"
