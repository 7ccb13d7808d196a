"""The pages of signing in that we offer; what django-allauth has beyond them has no address."""

from collections.abc import Callable
from typing import Any

from allauth.account import views
from allauth.mfa.base import views as mfa_views
from allauth.mfa.recovery_codes import views as code_views
from allauth.mfa.totp import views as totp_views
from django.urls import path, re_path

from agile_sales import second_factor_views, sign_in_views, sign_up_views, your_account_views, your_address_views
from tenancy.access import public, signed_in

View = Callable[..., Any]


def _open(view: View) -> View:
    return public(reason="signing in starts before anybody is known")(view)


urlpatterns = [
    path("login/", _open(views.login), name="account_login"),
    path("logout/", _open(views.logout), name="account_logout"),
    path("reauthenticate/", signed_in(views.reauthenticate), name="account_reauthenticate"),
    path("reauthenticate/code/", signed_in(mfa_views.reauthenticate), name="mfa_reauthenticate"),
    path(
        "reauthenticate/passkey/",
        signed_in(second_factor_views.ConfirmByPasskey.as_view()),
        name="mfa_reauthenticate_webauthn",
    ),
    path("go-on/", sign_in_views.go_on, name="account_go_on"),
    path("inactive/", _open(views.account_inactive), name="account_inactive"),
    path("signup/", sign_up_views.ask, name="account_signup"),
    path("signup/sent/", sign_up_views.sent, name="sign-up-sent"),
    path("signup/<str:token>/", sign_up_views.finish, name="sign-up-finish"),
    path("you/organizations/new/", sign_up_views.new_organization, name="you-organization-new"),
    path("you/address/", your_address_views.change, name="you-address"),
    path("you/address/<str:token>/", your_address_views.confirm, name="you-address-confirm"),
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
    path("second-step/", _open(second_factor_views.SecondStep.as_view()), name="mfa_authenticate"),
    path("passkey/", _open(second_factor_views.SignInByPasskey.as_view()), name="mfa_login_webauthn"),
    path("you/app/", signed_in(second_factor_views.SetUpApp.as_view()), name="mfa_activate_totp"),
    path("you/app/remove/", signed_in(totp_views.deactivate_totp), name="mfa_deactivate_totp"),
    path("you/recovery-codes/", signed_in(second_factor_views.RecoveryCodes.as_view()), name="mfa_view_recovery_codes"),
    path("you/recovery-codes/new/", signed_in(code_views.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("you/passkeys/", signed_in(second_factor_views.passkeys), name="mfa_list_webauthn"),
    path("you/passkeys/new/", signed_in(second_factor_views.AddPasskey.as_view()), name="mfa_add_webauthn"),
    path(
        "you/passkeys/<int:pk>/remove/",
        signed_in(second_factor_views.RemovePasskey.as_view()),
        name="mfa_remove_webauthn",
    ),
    path(
        "you/passkeys/<int:pk>/rename/",
        signed_in(second_factor_views.RenamePasskey.as_view()),
        name="mfa_edit_webauthn",
    ),
    path("you/", your_account_views.profile, name="you"),
    path("you/organizations/", your_account_views.organizations, name="you-organizations"),
    path("you/security/", your_account_views.security, name="mfa_index"),
    path("you/sessions/<int:session_id>/end/", your_account_views.end_session, name="you-session-end"),
    path("you/sessions/end-others/", your_account_views.end_other_sessions, name="you-sessions-end-others"),
    path("password/change/", signed_in(views.password_change), name="account_change_password"),
    path("password/set/", signed_in(views.password_set), name="account_set_password"),
]
