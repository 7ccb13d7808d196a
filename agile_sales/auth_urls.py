"""The pages of signing in that we offer; what django-allauth has beyond them has no address."""

from collections.abc import Callable
from typing import Any

from allauth.account import views
from django.urls import path, re_path

from agile_sales import sign_in_views
from tenancy.access import public, signed_in

View = Callable[..., Any]


def _open(view: View) -> View:
    return public(reason="signing in starts before anybody is known")(view)


urlpatterns = [
    path("login/", _open(views.login), name="account_login"),
    path("logout/", _open(views.logout), name="account_logout"),
    path("reauthenticate/", signed_in(views.reauthenticate), name="account_reauthenticate"),
    path("go-on/", sign_in_views.go_on, name="account_go_on"),
    path("inactive/", _open(views.account_inactive), name="account_inactive"),
    # Closed by the adapter: the page says that people are invited.
    path("signup/", _open(views.signup), name="account_signup"),
    path("password/reset/", _open(views.password_reset), name="account_reset_password"),
    path("password/reset/done/", _open(views.password_reset_done), name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        _open(views.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        _open(views.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    path("password/change/", signed_in(views.password_change), name="account_change_password"),
    path("password/set/", signed_in(views.password_set), name="account_set_password"),
]
