"""Everything that an account's page shows, in five queries."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, CharField, Count, F, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce, JSONObject, TruncQuarter

from pipeline.models import (
    Account,
    AccountScore,
    AccountScoreHistory,
    Contact,
    Opportunity,
    Order,
    OrderLine,
    SatisfactionResponse,
)
from pipeline.queries.accounts import SURVEY_WINDOW, accounts
from pipeline.queries.badges import deal_score, score_badge
from pipeline.queries.contacts import with_last_touch
from pipeline.queries.external_scores import said_of
from pipeline.queries.next_actions import account_value, next_action, owned_products
from pipeline.queries.timeline import TimelineEntry, TimelineKind, account_timeline
from pipeline.querysets import ContactQuerySet, OpportunityQuerySet, OrderQuerySet
from tenancy.access import Action, blank_hidden, hidden_fields
from tenancy.models import Member, Organization

MOST_DEALS = 50
MOST_ORDERS = 50
MOST_CONTACTS = 100
QUARTERS = 8
SCORED = (
    *(
        "score",
        "previous_score",
        "probability",
        "rank",
        "previous_rank",
        "band",
        "value_minor",
        "per_hour_minor",
        "currency",
        "value_basis",
    ),
    *("reasons", "model_version", "as_of", "scored_at", "data_up_to", "run_id"),
)


@dataclass(frozen=True)
class Satisfaction:
    """What the account's people said in the last year."""

    promoters: int = 0
    passives: int = 0
    detractors: int = 0
    quarters: tuple[int, ...] = ()  # NPS of each quarter with answers, the oldest first

    @property
    def answers(self) -> int:
        """How many answered."""
        return self.promoters + self.passives + self.detractors

    @property
    def nps(self) -> int | None:
        """The net promoter score, None without answers."""
        return round(100 * (self.promoters - self.detractors) / self.answers) if self.answers else None

    @property
    def change(self) -> int | None:
        """The last quarter against the one before it."""
        return self.quarters[-1] - self.quarters[-2] if len(self.quarters) > 1 else None


@dataclass
class AccountOverview:
    """An account with all that its page shows."""

    account: Account
    score: AccountScore | None
    score_history: list[tuple[datetime, int]] = field(default_factory=list)
    satisfaction: Satisfaction = field(default_factory=Satisfaction)
    deals: list[Opportunity] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    timeline: list[TimelineEntry] = field(default_factory=list)

    @property
    def may_edit(self) -> bool:
        """Whether the member may change it."""
        return bool(getattr(self.account, "is_editable", False))

    @property
    def open_deals(self) -> list[Opportunity]:
        """The deals that are neither won nor lost."""
        return [deal for deal in self.deals if deal.is_open]

    @property
    def open_amounts(self) -> dict[str, int]:
        """What the open deals are worth, by currency."""
        amounts: dict[str, int] = {}
        for deal in self.open_deals:
            if deal.amount_minor is not None:
                amounts[deal.currency] = amounts.get(deal.currency, 0) + deal.amount_minor
        return amounts

    @property
    def open_orders(self) -> list[Order]:
        """The orders that the customer waits for."""
        return [order for order in self.orders if order.is_waited_for]


def account_overview(
    *,
    organization: Organization,
    member: Member,
    account_id: UUID,
    as_of: datetime,
    today: date,
    shown: frozenset[TimelineKind] = frozenset(TimelineKind),
    entries: int = 12,
) -> AccountOverview:
    """Return what an account's page shows.

    :raises Account.DoesNotExist: when there is none that the member may see.
    """
    found = accounts(organization=organization, member=member, today=today)
    account: Account = (
        found.select_related("owner", "parent")
        .with_editable(member, Action.EDIT_ACCOUNTS, as_of=today)
        .annotate(**{f"scored_{name}": F(f"score__{name}") for name in SCORED}, scored_id=F("score__id"))
        .annotate(past_scores=_past_scores(), quarters=_quarters(as_of), score_badge=score_badge("pk"))
        .annotate(planned=next_action("pk"), worth=account_value("pk"), owned=owned_products())
        .annotate(said_by_others=said_of("account"))
        .get(pk=account_id)
    )
    facts: Any = account
    history = [(datetime.fromisoformat(one["as_of"]), int(one["score"])) for one in facts.past_scores][::-1]
    overview = AccountOverview(
        account=account,
        score=_score_of(account),
        score_history=history,
        satisfaction=_satisfaction(facts.quarters, as_of),
    )
    deals: OpportunityQuerySet = Opportunity.objects.for_organization(organization)
    # Open deals first, then the newest of the others.
    open_first = Case(When(outcome="open", then=Value(0)), default=Value(1))
    overview.deals = list(
        deals.alive()
        .filter(account=account)
        .select_related("stage", "owner", "product")
        .annotate(deal_score=deal_score())
        .order_by(open_first, F("close_date").asc(nulls_last=True), "id")[:MOST_DEALS]
    )
    orders: OrderQuerySet = Order.objects.for_organization(organization)
    overview.orders = list(
        orders.alive().filter(account=account).annotate(goods=_goods()).order_by("-order_date", "-id")[:MOST_ORDERS]
    )
    people: ContactQuerySet = Contact.objects.for_organization(organization)
    overview.contacts = list(
        with_last_touch(people.alive().filter(account=account)).order_by("-is_decision_maker", "name_key", "id")[
            :MOST_CONTACTS
        ]
    )
    overview.timeline = account_timeline(
        organization=organization,
        account=account,
        as_of=as_of,
        score_history=history,
        shown=shown,
        hidden=hidden_fields(member, "activity"),
        most=entries,
    )
    blank_hidden(member, overview.contacts)
    return overview


def _past_scores() -> ArraySubquery:
    """Return the last scores of each account, the newest first."""
    past = AccountScoreHistory.objects.filter(organization=OuterRef("organization"), account=OuterRef("pk"))
    return ArraySubquery(past.order_by("-as_of", "-id").values(json=JSONObject(as_of="as_of", score="score"))[:60])


def _quarters(as_of: datetime) -> ArraySubquery:
    """Return the answers of each account by quarter, the oldest first; `year` counts those of the last year."""
    answers = SatisfactionResponse.objects.filter(
        organization=OuterRef("organization"),
        account=OuterRef("pk"),
        deleted_at=None,
        responded_at__gt=as_of - timedelta(days=92 * QUARTERS),
        responded_at__lte=as_of,
    )
    recent = Q(responded_at__gt=as_of - SURVEY_WINDOW)
    likes, dislikes = Q(score__gte=9), Q(score__lte=6)
    grouped = (
        answers.annotate(quarter=TruncQuarter("responded_at"))
        .order_by("quarter")
        .values("quarter")
        .annotate(
            all=Count("id"),
            likes=Count("id", likes),
            dislikes=Count("id", dislikes),
            year=Count("id", recent),
            year_likes=Count("id", recent & likes),
            year_dislikes=Count("id", recent & dislikes),
        )
    )
    names = ("all", "likes", "dislikes", "year", "year_likes", "year_dislikes")
    return ArraySubquery(grouped.values(json=JSONObject(**{name: name for name in names})))


def _satisfaction(quarters: list[dict[str, int]], as_of: datetime) -> Satisfaction:
    year = sum(one["year"] for one in quarters)
    likes = sum(one["year_likes"] for one in quarters)
    dislikes = sum(one["year_dislikes"] for one in quarters)
    return Satisfaction(
        promoters=likes,
        passives=year - likes - dislikes,
        detractors=dislikes,
        quarters=tuple(round(100 * (one["likes"] - one["dislikes"]) / one["all"]) for one in quarters),
    )


def _goods() -> ArraySubquery:
    """Return the names of the first goods of each order."""
    from_lines = OrderLine.objects.filter(organization=OuterRef("organization"), order=OuterRef("pk"), deleted_at=None)
    name = Coalesce(F("product__name"), F("product_name"), output_field=CharField())
    return ArraySubquery(from_lines.order_by("position", "id").annotate(good=name).values("good")[:3])


def _score_of(account: Account) -> AccountScore | None:
    """Return the score that was fetched with the account."""
    facts: Any = account
    if facts.scored_id is None:
        return None
    values = {name: getattr(account, f"scored_{name}") for name in SCORED}
    return AccountScore(id=facts.scored_id, organization_id=account.organization_id, account=account, **values)


def account_deals(*, organization: Organization, account: Account, most: int = 200) -> list[Opportunity]:
    """Return the deals that a form about this account can name, the open ones."""
    deals: OpportunityQuerySet = Opportunity.objects.for_organization(organization)
    return list(deals.alive().open().filter(account=account).order_by("name_key", "id")[:most])


def account_contacts(*, organization: Organization, account: Account, most: int = 200) -> list[Contact]:
    """Return the people that a form about this account can name."""
    people: ContactQuerySet = Contact.objects.for_organization(organization)
    return list(people.alive().filter(account=account).order_by("name_key", "id")[:most])
