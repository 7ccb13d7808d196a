"""Which accounts come first, what changed since the last run, and what was said before."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, OuterRef, QuerySet, Sum
from django.db.models.functions import JSONObject

from pipeline.models import AccountScore, AccountScoreHistory, Band
from pipeline.queries.badges import override_of_account, score_badge
from pipeline.queries.explained import explain
from pipeline.queries.next_actions import account_value, next_action
from pipeline.queries.score_words import Confirmed, confirmed, publication
from tenancy.access import Action, owner_filter
from tenancy.keyset import Page, Sort, page_of
from tenancy.models import Member, Organization, Run

PAGE_SIZE = 40  # so many rows, each with its score, stay a light page
MOST_PAST = 60
BY_RANK = Sort("rank", "rank")
BY_VALUE = Sort("value", "value_minor", descending=True, nullable=True)


@dataclass(frozen=True)
class PriorityFilter:
    """What the list is narrowed to; empty means everything."""

    band: str = ""
    segment: str = ""
    region: str = ""
    owner_id: uuid.UUID | None = None
    mine: bool = False

    @property
    def is_on(self) -> bool:
        """Whether anything is left out."""
        return bool(self.band or self.segment or self.region or self.owner_id or self.mine)


def priorities(
    *,
    organization: Organization,
    member: Member,
    today: date,
    narrowed: PriorityFilter | None = None,
    action: Action = Action.VIEW_PRIORITIES,
) -> QuerySet[AccountScore]:
    """Return the current scores that the member may see with this action, unordered."""
    scores = AccountScore.objects.for_organization(organization).filter(account__deleted_at=None)
    scores = scores.filter(owner_filter(member, action, as_of=today, field="account__owner"))
    if narrowed is None:
        return scores
    if narrowed.band:
        scores = scores.filter(band=narrowed.band)
    if narrowed.segment:
        scores = scores.filter(account__segment=narrowed.segment)
    if narrowed.region:
        scores = scores.filter(account__region=narrowed.region)
    if narrowed.owner_id:
        scores = scores.filter(account__owner=narrowed.owner_id)
    if narrowed.mine:
        scores = scores.filter(account__owner=member)
    return scores


def priorities_page(
    *,
    organization: Organization,
    member: Member,
    today: date,
    narrowed: PriorityFilter,
    sort: Sort = BY_RANK,
    cursor: str = "",
) -> Page[AccountScore]:
    """Return a page of the ranked list with accounts, owners and next actions, and what confirmed the scores last.

    :raises tenancy.keyset.InvalidCursor: when the cursor was not made for this list.
    """
    scores = priorities(organization=organization, member=member, today=today, narrowed=narrowed)
    page: Page[AccountScore] = page_of(
        scores.annotate(score_badge=score_badge(), published=publication(), planned=next_action()).select_related(
            "account__owner"
        ),
        sort=sort,
        size=PAGE_SIZE,
        scope="priorities",
        cursor=cursor,
    )
    explain(organization=organization, scores=page.rows)
    return page


@dataclass(frozen=True)
class PriorityChoices:
    """What the list can be narrowed to, with how many accounts each leaves."""

    bands: Mapping[str, int] = field(default_factory=dict)
    segments: Mapping[str, int] = field(default_factory=dict)
    regions: Mapping[str, int] = field(default_factory=dict)
    owners: Mapping[uuid.UUID, tuple[str, int]] = field(default_factory=dict)
    act_values: Mapping[str, int] = field(default_factory=dict)  # currency → minor units at stake in "act today"
    total: int = 0


def priority_choices(*, organization: Organization, member: Member, today: date) -> PriorityChoices:
    """Return what the ranked list can be narrowed to, read in one go."""
    scores = priorities(organization=organization, member=member, today=today)
    bands: dict[str, int] = dict.fromkeys(Band.values, 0)
    segments: dict[str, int] = {}
    regions: dict[str, int] = {}
    owners: dict[uuid.UUID, tuple[str, int]] = {}
    groups = scores.values(
        "band", "currency", "account__segment", "account__region", "account__owner", "account__owner__name"
    ).annotate(accounts=Count("pk"), value=Sum("value_minor"))
    act_values: dict[str, int] = {}
    for group in groups.order_by():
        count = group["accounts"]
        bands[group["band"]] += count
        if group["band"] == Band.ACT:
            act_values[group["currency"]] = act_values.get(group["currency"], 0) + int(group["value"] or 0)
        if segment := group["account__segment"]:
            segments[segment] = segments.get(segment, 0) + count
        if region := group["account__region"]:
            regions[region] = regions.get(region, 0) + count
        owner_id = group["account__owner"]
        if owner_id is not None:
            owners[owner_id] = (group["account__owner__name"], owners.get(owner_id, ("", 0))[1] + count)
    return PriorityChoices(
        bands=bands,
        segments=segments,
        regions=dict(sorted(regions.items())),
        owners=dict(sorted(owners.items(), key=lambda item: item[1][0])),
        act_values=act_values,
        total=sum(bands.values()),
    )


@dataclass(frozen=True)
class NightState:
    """The night whose scores count, and the newest one when that is another."""

    done: Run | None = None
    newer: Run | None = None

    @property
    def failed(self) -> Run | None:
        """The newest night, if it came to grief."""
        return self.newer if self.newer is not None and self.newer.status == Run.Status.FAILED else None

    @property
    def under_way(self) -> Run | None:
        """The newest night, if it is waiting or running."""
        going = (Run.Status.QUEUED, Run.Status.RUNNING)
        return self.newer if self.newer is not None and self.newer.status in going else None


def night_state(*, organization: Organization) -> NightState:
    """Return where the nights stand."""
    nights = Run.objects.for_organization(organization).filter(kind=Run.Kind.NIGHT)
    # One statement: the newest night by either clock is among these two.
    finished = nights.filter(status=Run.Status.DONE).order_by("-finished_at")[:1]
    newest = nights.order_by("-created_at", "-id")[:1]
    found = list(finished.union(newest, all=True))
    done = next((run for run in found if run.status == Run.Status.DONE), None)
    newer = next((run for run in found if run.status != Run.Status.DONE), None)
    return NightState(done, newer)


@dataclass(frozen=True)
class ScoreNow:
    """An account's score with what was set in its place, when it was confirmed, and what was said before."""

    score: AccountScore
    by_hand: dict[str, Any] | None
    confirmed: Confirmed
    history: list[dict[str, Any]]  # the oldest first


def account_score(*, organization: Organization, member: Member, today: date, account_id: uuid.UUID) -> ScoreNow:
    """Return an account's current score with the account, its owner and the run, and what else is said of it.

    :raises AccountScore.DoesNotExist: when it has none, or the member may not see it.
    """
    scores = priorities(organization=organization, member=member, today=today)
    by_hand = override_of_account(
        "account_id", score="score", reason="reason", words="words", expires_on="expires_on", set_by="set_by__name"
    )
    past = AccountScoreHistory.objects.filter(organization=OuterRef("organization"), account=OuterRef("account_id"))
    kept = ("as_of", "score", "rank", "band", "value_minor", "currency")
    history = past.order_by("-as_of", "-id").values(json=JSONObject(**{name: name for name in kept}))[:MOST_PAST]
    scores = scores.annotate(
        set_by_hand=by_hand, past=ArraySubquery(history), published=publication(), worth=account_value()
    )
    score: Any = scores.select_related("account__owner", "run").get(account_id=account_id)
    explain(organization=organization, scores=[score])
    said = [{**one, "as_of": datetime.fromisoformat(one["as_of"])} for one in reversed(score.past)]
    return ScoreNow(score, score.set_by_hand, confirmed(score), said)


@dataclass(frozen=True)
class BandChange:
    """An account that changed its band between two runs."""

    account_id: uuid.UUID
    band: str
    previous_band: str
    score: int
    previous_score: int
    rank: int

    def as_payload(self, run: Run) -> dict[str, Any]:
        """Return the change as the event tells it."""
        return {
            "run_id": str(run.pk),
            "band": self.band,
            "previous_band": self.previous_band,
            "score": self.score,
            "previous_score": self.previous_score,
            "rank": self.rank,
        }


def band_changes(*, organization: Organization, run: Run) -> list[BandChange]:
    """Return the accounts whose band is another one than before the run; none on the first run."""
    history = AccountScoreHistory.objects.for_organization(organization).filter(run=run)
    changed = history.exclude(previous_band="").exclude(previous_band=F("band")).order_by("rank")
    return [
        BandChange(one.account_id, one.band, one.previous_band, one.score, one.previous_score or one.score, one.rank)
        for one in changed
    ]
