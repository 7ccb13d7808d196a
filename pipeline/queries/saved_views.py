"""The ways of looking at a list that a member can choose from."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from pipeline.models import SavedView, ViewChoice
from tenancy.models import Member, Organization

MOST_VIEWS = 100


def saved_views(*, organization: Organization, member: Member) -> QuerySet[SavedView]:
    """Return the member's own views and the shared ones, with `is_pinned` and `is_default` as the member chose."""
    views = SavedView.objects.for_organization(organization)
    chosen = ViewChoice.objects.for_organization(organization).filter(view=OuterRef("pk"), member=member)
    return views.filter(Q(member=member) | Q(is_shared=True)).annotate(
        is_pinned=Exists(chosen.filter(is_pinned=True)), is_default=Exists(chosen.filter(is_default=True))
    )


def saved_views_of(*, organization: Organization, member: Member, list_name: str) -> list[SavedView]:
    """Return the views of one list by name, with whose each is."""
    views = saved_views(organization=organization, member=member).filter(list_name=list_name)
    return list(views.select_related("member").order_by("name", "id")[:MOST_VIEWS])
