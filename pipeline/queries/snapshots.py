"""How the open pipeline stood on a day that has passed, as it was recorded then."""

from dataclasses import dataclass
from datetime import date, datetime

from pipeline.models import OpportunitySnapshot, SnapshotDay
from pipeline.querysets import SnapshotQuerySet
from tenancy.access import Action
from tenancy.models import Member, Organization


@dataclass(frozen=True)
class PastPipeline:
    """The open deals of a day, of which a member sees `deals`; `recorded` says when the picture was taken."""

    recorded: SnapshotDay
    deals: SnapshotQuerySet

    @property
    def day(self) -> date:
        """The day that the picture is of: the one that was asked for, or the last recorded one before it."""
        return self.recorded.snapshot_date


def recorded_day(*, organization: Organization, on: date) -> SnapshotDay | None:
    """Return the last day up to `on` that was recorded, None when nothing was recorded by then."""
    days = SnapshotDay.objects.for_organization(organization).filter(snapshot_date__lte=on)
    found: SnapshotDay | None = days.order_by("-snapshot_date").first()
    return found


def recorded_at(*, organization: Organization, at: datetime) -> SnapshotDay | None:
    """Return the last day that was recorded by a moment, None when nothing was."""
    days = SnapshotDay.objects.for_organization(organization).filter(taken_at__lte=at)
    found: SnapshotDay | None = days.order_by("-snapshot_date").first()
    return found


def first_recorded_day(*, organization: Organization) -> date | None:
    """Return the first day that was recorded, None before the first night."""
    days = SnapshotDay.objects.for_organization(organization).order_by("snapshot_date")
    first: date | None = days.values_list("snapshot_date", flat=True).first()
    return first


def pipeline_as_of(
    *,
    organization: Organization,
    member: Member,
    day: date,
    today: date,
    action: Action = Action.VIEW_OPPORTUNITIES,
) -> PastPipeline | None:
    """Return the open deals as they stood at the end of a day, as far as the member may see them today.

    None when nothing was recorded by then.
    """
    recorded = recorded_day(organization=organization, on=day)
    if recorded is None:
        return None
    pictures: SnapshotQuerySet = OpportunitySnapshot.objects.for_organization(organization)
    deals = pictures.on(recorded.snapshot_date).visible_to(member, action, as_of=today)
    return PastPipeline(recorded, deals)
