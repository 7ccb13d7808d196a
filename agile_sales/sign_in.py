"""How people sign in: django-allauth, with our rules."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse

from tenancy import doors


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """People are invited by an organisation, they do not sign themselves up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: there is no open sign-up."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Return the home of the person's first organisation, or the page that says they have none."""
        memberships = doors.memberships_of(request.user.pk) if request.user.pk else []
        return reverse("home", args=[memberships[0].slug]) if memberships else reverse("front-door")
