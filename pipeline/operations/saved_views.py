"""Keeping ways of looking at a list."""

from datetime import datetime

from django.db import transaction

from pipeline.models import SavedView, ViewChoice
from pipeline.queries.saved_views import MOST_VIEWS
from tenancy.models import Member, Organization
from tenancy.texts import UnfitText, clean_text

LONGEST_NAME = 80
LONGEST_QUERY = 2_000


class UnableToKeepView(ValueError):
    """The view can't be kept so; the message says why."""


@transaction.atomic
def save_view(
    *,
    organization: Organization,
    member: Member,
    list_name: str,
    name: str,
    query: str,
    is_shared: bool,
    saved_at: datetime,
) -> SavedView:
    """Keep the filters and the order of a list under a name.

    :raises UnableToKeepView: when the name is missing, too long or taken, or there are too many views.
    """
    own = SavedView.objects.for_organization(organization).filter(member=member, list_name=list_name)
    if own.count() >= MOST_VIEWS:
        raise UnableToKeepView(f"You have {MOST_VIEWS} views of this list. Delete one that you no longer use.")
    view: SavedView = SavedView.objects.create(
        organization=organization,
        member=member,
        list_name=list_name,
        name=_checked_name(organization, member, list_name, name),
        query=_checked_query(query),
        is_shared=is_shared,
        created_at=saved_at,
        updated_at=saved_at,
    )
    choose_view(organization=organization, member=member, view=view, is_pinned=True)
    return view


@transaction.atomic
def change_view(
    *,
    organization: Organization,
    view: SavedView,
    changed_at: datetime,
    name: str | None = None,
    query: str | None = None,
    is_shared: bool | None = None,
) -> SavedView:
    """Change what is given of a view; one that is no longer shared leaves the others' lists.

    :raises UnableToKeepView: when the name is missing, too long or taken.
    """
    if name is not None and name.strip() != view.name:
        view.name = _checked_name(organization, view.member, view.list_name, name)
    if query is not None:
        view.query = _checked_query(query)
    if is_shared is not None:
        view.is_shared = is_shared
    view.updated_at = changed_at
    view.save(update_fields=["name", "query", "is_shared", "updated_at"])
    if is_shared is False:
        choices = ViewChoice.objects.for_organization(organization).filter(view=view)
        choices.exclude(member=view.member_id).delete()
    return view


@transaction.atomic
def delete_view(*, organization: Organization, view: SavedView) -> None:
    """Forget a view, and what everybody chose about it."""
    ViewChoice.objects.for_organization(organization).filter(view=view).delete()
    view.delete()


@transaction.atomic
def choose_view(
    *,
    organization: Organization,
    member: Member,
    view: SavedView,
    is_pinned: bool | None = None,
    is_default: bool | None = None,
) -> None:
    """Keep at the top, or begin with, a view; for this member alone. A list has one default."""
    choices = ViewChoice.objects.for_organization(organization).filter(member=member)
    if is_default:
        choices.filter(list_name=view.list_name, is_default=True).update(is_default=False)
    choice, _ = choices.get_or_create(
        organization=organization, member=member, view=view, defaults={"list_name": view.list_name}
    )
    if is_pinned is not None:
        choice.is_pinned = is_pinned
    if is_default is not None:
        choice.is_default = is_default
    choice.save(update_fields=["is_pinned", "is_default"])


def _checked_name(organization: Organization, member: Member, list_name: str, name: str) -> str:
    try:
        name = " ".join(clean_text(name).split())
    except UnfitText as error:
        raise UnableToKeepView(f"The name {error}.") from None
    if not name:
        raise UnableToKeepView("Give the view a name.")
    if len(name) > LONGEST_NAME:
        raise UnableToKeepView(f"A name has at most {LONGEST_NAME} characters.")
    taken = SavedView.objects.for_organization(organization).filter(member=member, list_name=list_name)
    if taken.filter(name__iexact=name).exists():
        raise UnableToKeepView(f"There is a view called “{name}” already. Choose another name.")
    return name


def _checked_query(query: str) -> str:
    if len(query) > LONGEST_QUERY:
        raise UnableToKeepView("These filters are too long to keep.")
    return query
