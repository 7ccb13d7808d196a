"""Setting a score by hand, and the way back to the model's own."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from pipeline.models import Account, AccountScore, NextAction, OverrideEnd, ScoreOverride, ScorePublication
from tenancy import locks
from tenancy.events import record_event
from tenancy.models import Member, Organization

LONGEST = timedelta(days=180)
PLACE = ("rank", "band", "value_minor", "per_hour_minor")


class UnableToOverride(ValueError):
    """The score can't be set by hand so; the message says why."""


@transaction.atomic
def override_score(
    *,
    organization: Organization,
    account: Account,
    score: int,
    reason: str,
    words: str,
    expires_on: date,
    set_by: Member | None,
    set_at: datetime,
    today: date,
) -> ScoreOverride:
    """Let a score count that a person believes in, until a day, in place of the model's and of an override before.

    :raises UnableToOverride: when the account has no score, or the expiry is not within half a year.
    """
    if not today < expires_on <= today + LONGEST:
        raise UnableToOverride(f"It must end after today and within {LONGEST.days} days.")
    _hold(organization)
    current = AccountScore.objects.for_organization(organization).filter(account=account).first()
    if current is None:
        raise UnableToOverride("The account has no score yet. The next night gives it one.")
    before = ScoreOverride.objects.for_organization(organization).in_force().filter(account=account).first()
    if before is not None:
        _end(organization, before, OverrideEnd.REPLACED, set_by, set_at)
        current.refresh_from_db()
    override: ScoreOverride = ScoreOverride.objects.create(
        organization=organization,
        account=account,
        score=score,
        automatic_score=current.score,
        automatic=_place_of(current),
        reason=reason,
        words=words,
        set_by=set_by,
        set_at=set_at,
        expires_on=expires_on,
    )
    _put_in_place(organization, current, override)
    record_event(
        organization=organization,
        type="score.overridden",
        subject=account,
        payload={"score": score, "automatic_score": current.score, "reason": reason, "until": expires_on.isoformat()},
        actor=set_by,
        occurred_at=set_at,
    )
    return override


@transaction.atomic
def return_to_automatic(
    *, organization: Organization, override: ScoreOverride, ended_by: Member | None, ended_at: datetime
) -> None:
    """Let the model's own score count again; an override that has ended stays as it is."""
    _hold(organization)
    found = ScoreOverride.objects.for_organization(organization).in_force().filter(pk=override.pk).first()
    if found is not None:
        _end(organization, found, OverrideEnd.RETURNED, ended_by, ended_at)


@transaction.atomic
def keep_overrides(*, organization: Organization, today: date, now: datetime) -> tuple[int, int]:
    """End the overrides whose time is over, put the others into their places among new scores; return how many each.

    To be called when a run has written its scores: their places are automatic again. Doing it again changes nothing.
    """
    _hold(organization)
    kept = ended = 0
    overrides = ScoreOverride.objects.for_organization(organization).in_force()
    scores = AccountScore.objects.for_organization(organization).filter(account__in=overrides.values("account"))
    by_account = {score.account_id: score for score in scores}
    for override in overrides.select_related("account").order_by("set_at", "id"):
        current = by_account.get(override.account_id)
        if current is not None and _place_of(current) != override.placed:
            override.automatic = _place_of(current)  # a run has written it anew
            override.save(update_fields=["automatic"])
        if override.expires_on <= today:
            _end(organization, override, OverrideEnd.EXPIRED, None, now)
            ended += 1
        elif current is not None:
            _put_in_place(organization, current, override)
            kept += 1
    return kept, ended


def mark_to_check(*, organization: Organization, pairs: Iterable[tuple[str, str]]) -> None:
    """Mark the scores of these segments and territories, as ("segment", "key"), for people to look at twice.

    Those of deals are named ("deal_segment", "key").
    """
    found: dict[str, list[str]] = {}
    for title, name in sorted(pairs):
        found.setdefault(title, []).append(name)
    ScorePublication.objects.for_organization(organization).update(to_check=found)


def _hold(organization: Organization) -> None:
    locks.hold(organization=organization, purpose="score overrides")


def _place_of(score: AccountScore) -> dict[str, Any]:
    return {**{name: getattr(score, name) for name in PLACE}, "run": str(score.run_id)}


def _put_in_place(organization: Organization, score: AccountScore, override: ScoreOverride) -> None:
    """Give the account the value, the rank and the band that it would have with the score set by hand."""
    value, per_hour = override.automatic["value_minor"], override.automatic.get("per_hour_minor")
    times = override.score / (100 * score.probability)
    score.value_minor = None if value is None else round(value * times)
    if per_hour is not None:
        # What an hour adds goes with the chance in one part; open deals, growth and what may be lost stay as they are.
        score.per_hour_minor = round(per_hour + (score.by_chance_minor or 0) * (times - 1))
        scores = AccountScore.objects.for_organization(organization).exclude(pk=score.pk)
        score.rank = scores.filter(per_hour_minor__gt=score.per_hour_minor).count() + 1
        neighbour = scores.filter(rank__gte=score.rank).order_by("rank").first() or scores.order_by("-rank").first()
        score.band = neighbour.band if neighbour is not None else score.band
    score.save(update_fields=PLACE)
    _plan_as(organization, score)
    override.placed = _place_of(score)
    override.save(update_fields=["placed"])


def _plan_as(organization: Organization, score: AccountScore) -> None:
    """Let what is to be done next stand in the same place."""
    if score.per_hour_minor is not None:
        actions = NextAction.objects.for_organization(organization).filter(account=score.account_id)
        actions.update(rank=score.rank, per_hour_minor=score.per_hour_minor)


def _end(
    organization: Organization, override: ScoreOverride, how: OverrideEnd, ended_by: Member | None, at: datetime
) -> None:
    override.ended_at, override.ended_by, override.ended_how = at, ended_by, how
    override.save(update_fields=["ended_at", "ended_by", "ended_how"])
    place, placed = override.automatic, override.placed
    scores = AccountScore.objects.for_organization(organization)
    # What a run has written since is automatic already.
    found = scores.filter(account=override.account_id, run=placed.get("run")).first()
    if found is not None and _place_of(found) == placed:
        for name in PLACE:
            setattr(found, name, place[name])
        found.save(update_fields=PLACE)
        _plan_as(organization, found)
    record_event(
        organization=organization,
        type="score.override_ended",
        subject=override.account,
        payload={"how": str(how), "score": override.score},
        actor=ended_by,
        occurred_at=at,
    )
