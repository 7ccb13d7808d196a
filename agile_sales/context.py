"""What every template may use beside its own context."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from agile_sales.navigation import Navigation, doorways, navigation
from tenancy import doors


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the organisation, the person in it and the navigation; outside an organisation they are empty."""
    organization = getattr(request, "organization", None)
    rights: frozenset[str] = getattr(request, "rights", frozenset())
    user = getattr(request, "user", None)

    def nav() -> Navigation:
        if organization is None:
            # Pages that belong to a person and not to an organisation show the way back into one.
            if user is None or not user.is_authenticated:
                return Navigation()
            return doorways([(one.slug, one.name) for one in doors.memberships_of(user.pk)])
        match = request.resolver_match
        return navigation(organization_slug=organization.slug, rights=rights, url_name=match.view_name if match else "")

    member = getattr(request, "member", None)
    person = member or (user if user is not None and user.is_authenticated else None)
    return {
        "product_name": settings.PRODUCT_NAME,
        "local_mailbox": settings.LOCAL_MAILBOX,
        "organization": organization,
        "member": member,
        "memberships": getattr(request, "memberships", ()),
        "person": person,
        "person_name": (getattr(person, "name", "") or getattr(person, "email", "")) if person else "",
        "rights": rights,
        "onlooker": getattr(request, "onlooker", None),
        "support_is_here": getattr(request, "support_is_here", False) and "view_support" in rights,
        # Fragments don't draw the side bar, so it is made only where it is asked for.
        "nav": SimpleLazyObject(nav),
        "system": _system(request),
    }


def _system(request: HttpRequest) -> str:
    """Return `apple` where keys are capped ⌘, else `other`. Safari sends no client hint, so the agent's words help."""
    hint = request.headers.get("Sec-CH-UA-Platform", "").strip('"')
    if hint:
        return "apple" if hint in {"macOS", "iOS"} else "other"
    agent = request.headers.get("User-Agent", "")
    return "apple" if "Mac OS X" in agent or "iPhone" in agent else "other"
