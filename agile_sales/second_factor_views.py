"""The pages of second factors, where ours do more than the library's."""

import json
from typing import Any

from allauth.mfa.base import views as base_views
from allauth.mfa.recovery_codes import views as code_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as webauthn_views
from allauth.mfa.webauthn.internal import auth as webauthn
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from agile_sales.second_factor_forms import BROKEN_PASSKEY
from agile_sales.second_factors import note_step
from tenancy.identity import page_in_mind, safe_page


class _LeadsBack:
    """Whoever was sent here by an organisation goes on to the page they wanted; new recovery codes come in between."""

    request: Any
    did_generate_recovery_codes: bool

    def get_success_url(self) -> str:
        wanted = page_in_mind(self.request)
        if not self.did_generate_recovery_codes:
            return wanted or reverse("mfa_index")
        codes = reverse("mfa_view_recovery_codes")
        return f"{codes}?{urlencode({'next': wanted})}" if wanted else codes


class SetUpApp(_LeadsBack, totp_views.ActivateTOTPView):  # type: ignore[misc]
    """Codes of an app: the picture to scan, and the first code."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Turn it on; the code that proved it is used."""
        response: HttpResponse = super().form_valid(form)
        note_step(self.request.user, form.step)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show what is wrong, with the status of an error."""
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the secret in groups of four, for people who can't scan."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        secret: str = context["form"].secret
        return context | {"groups": [secret[start : start + 4] for start in range(0, len(secret), 4)]}


class AddPasskey(_LeadsBack, webauthn_views.AddWebAuthnView):  # type: ignore[misc]
    """A new passkey: always one that signs in by itself, so that it asks for a finger, a face or a PIN."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what the browser is asked to make."""
        context: dict[str, Any] = super(webauthn_views.AddWebAuthnView, self).get_context_data(**kwargs)
        return context | {"options": _json(webauthn.begin_registration(self.request.user, True))}

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show what is wrong, with the status of an error."""
        return self.render_to_response(self.get_context_data(form=form), status=422)


class RecoveryCodes(code_views.ViewRecoveryCodesView):  # type: ignore[misc]
    """The recovery codes, shown once."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add where the person goes on."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"goes_on": safe_page(self.request, self.request.GET.get("next")) or reverse("mfa_index")}


class RemovePasskey(webauthn_views.RemoveWebAuthnView):  # type: ignore[misc]
    """The end of a passkey."""

    success_url = reverse_lazy("mfa_index")


class RenamePasskey(webauthn_views.EditWebAuthnView):  # type: ignore[misc]
    """Another name for a passkey."""

    success_url = reverse_lazy("mfa_index")


class SecondStep(base_views.AuthenticateView):  # type: ignore[misc]
    """The second step of signing in."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what the browser is asked to sign, for those who have a passkey."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        kinds = {one.type for one in self.stage.login.user.authenticator_set.all()}
        return context | {"options": _json(context["js_data"]["request_options"]), "has_passkey": "webauthn" in kinds}


class SignInByPasskey(webauthn_views.LoginWebAuthnView):  # type: ignore[misc]
    """A passkey instead of address and password."""

    def form_invalid(self, form: Any) -> HttpResponse:
        """Lead back to the sign-in page, which says so."""
        messages.error(self.request, BROKEN_PASSKEY)
        return HttpResponseRedirect(reverse("account_login"))


class ConfirmByPasskey(webauthn_views.ReauthenticateWebAuthnView):  # type: ignore[misc]
    """A passkey once more, before something important."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what the browser is asked to sign."""
        context: dict[str, Any] = super(webauthn_views.ReauthenticateWebAuthnView, self).get_context_data(**kwargs)
        return context | {"options": _json(webauthn.begin_authentication(self.request.user))}

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show what is wrong."""
        return self.render_to_response(self.get_context_data(form=form), status=422)


@require_safe
def passkeys(request: HttpRequest) -> HttpResponse:
    """Lead to the page where passkeys are listed with everything else that keeps the account safe."""
    return redirect("mfa_index")


def _json(options: Any) -> str:
    return json.dumps(options)
