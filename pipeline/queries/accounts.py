"""The list of accounts."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, OuterRef, Q
from django.db.models.functions import JSONObject

from pipeline.models import Account, Opportunity, SatisfactionResponse
from pipeline.queries.badges import score_badge
from pipeline.querysets import AccountQuerySet, OpportunityQuerySet
from tenancy.access import Action
from tenancy.keyset import Page, Sort, Total, page_of, total_of
from tenancy.models import Member, Organization

PAGE_SIZE = 50
SORTS = (
    Sort("name", "name_key"),
    Sort("priority", "score__rank", nullable=True),
    Sort("potential", "potential_minor", descending=True, nullable=True),
    Sort("updated", "updated_at", descending=True),
)
SURVEY_WINDOW = timedelta(days=365)


@dataclass(frozen=True)
class AccountFilter:
    """What the list is narrowed to; empty means everything."""

    name: str = ""
    lifecycle: str = ""
    segment: str = ""
    region: str = ""
    band: str = ""
    owner_id: UUID | None = None


@dataclass
class AccountFacts:
    """What a row says beside the account's own columns."""

    open_deals: int = 0
    open_amounts: dict[str, int] = field(default_factory=dict)  # currency → minor units
    next_step: str = ""
    next_step_date: date | None = None
    answers: int = 0
    nps: int | None = None


@dataclass(frozen=True)
class AccountsPage:
    """A page of the list, with what its rows say and how many there are."""

    page: Page[Account]
    facts: dict[UUID, AccountFacts]
    total: Total


def accounts(
    *,
    organization: Organization,
    member: Member,
    today: date,
    narrowed: AccountFilter | None = None,
    action: Action = Action.VIEW_ACCOUNTS,
) -> AccountQuerySet:
    """Return the accounts that the member may use for `action`: of list, detail, total and export alike."""
    found: AccountQuerySet = Account.objects.for_organization(organization)
    found = found.alive().visible_to(member, action, as_of=today)
    if narrowed is None:
        return found
    if narrowed.name:
        found = found.named_like(narrowed.name)
    if narrowed.lifecycle:
        found = found.filter(lifecycle=narrowed.lifecycle)
    if narrowed.segment:
        found = found.filter(segment=narrowed.segment)
    if narrowed.region:
        found = found.filter(region=narrowed.region)
    if narrowed.band:
        found = found.filter(score__band=narrowed.band)
    if narrowed.owner_id:
        found = found.filter(owner=narrowed.owner_id)
    return found


def with_score(found: AccountQuerySet) -> AccountQuerySet:
    """Add the current score's columns and its badge to each account, empty where there is none."""
    return found.annotate(
        score_now=F("score__score"),
        score_before=F("score__previous_score"),
        score_band=F("score__band"),
        score_badge=score_badge("pk"),
    )


def accounts_page(
    *,
    organization: Organization,
    member: Member,
    as_of: datetime,
    today: date,
    narrowed: AccountFilter,
    sort: Sort,
    cursor: str = "",
) -> AccountsPage:
    """Return a page of the list in the order of `sort`.

    :raises tenancy.keyset.InvalidCursor: when the cursor was not made for this list and order.
    """
    found = accounts(organization=organization, member=member, today=today, narrowed=narrowed)
    rows = with_answers(with_score(found), as_of=as_of).select_related("owner")
    page = page_of(rows, sort=sort, size=PAGE_SIZE, scope="accounts", cursor=cursor)
    # A list that fits on one page has counted itself.
    fits = not page.next and not page.previous
    total = Total(len(page.rows), is_capped=False) if fits else total_of(found)
    return AccountsPage(page, account_facts(organization=organization, accounts=page.rows), total)


def with_answers(found: AccountQuerySet, *, as_of: datetime) -> AccountQuerySet:
    """Add what each account's people answered in the last year, read for the rows of a page only."""
    answers = SatisfactionResponse.objects.filter(
        organization=OuterRef("organization"),
        account=OuterRef("pk"),
        deleted_at=None,
        responded_at__gt=as_of - SURVEY_WINDOW,
        responded_at__lte=as_of,
    )
    counted = (
        answers.order_by()
        .values("account")
        .annotate(all=Count("id"), likes=Count("id", Q(score__gte=9)), dislikes=Count("id", Q(score__lte=6)))
    )
    names = ("all", "likes", "dislikes")
    return found.annotate(answers=ArraySubquery(counted.values(json=JSONObject(**{name: name for name in names}))))


def account_facts(*, organization: Organization, accounts: list[Account]) -> dict[UUID, AccountFacts]:
    """Return the open deals, the next step and the answers of a page of accounts."""
    facts = {account.pk: AccountFacts() for account in accounts}
    for account in accounts:
        for answers in getattr(account, "answers", ()):
            facts[account.pk].answers = answers["all"]
            facts[account.pk].nps = round(100 * (answers["likes"] - answers["dislikes"]) / answers["all"])
    if not facts:
        return facts
    deals: OpportunityQuerySet = Opportunity.objects.for_organization(organization)
    for deal in deals.alive().open().filter(account__in=list(facts)).order_by("next_step_date", "id"):
        assert deal.account_id is not None
        one = facts[deal.account_id]
        one.open_deals += 1
        if deal.amount_minor is not None:
            one.open_amounts[deal.currency] = one.open_amounts.get(deal.currency, 0) + deal.amount_minor
        if deal.next_step and not one.next_step:
            one.next_step, one.next_step_date = deal.next_step, deal.next_step_date
    return facts
