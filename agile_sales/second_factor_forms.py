"""The forms of codes and passkeys: limits and single use where the library has weaker ones, and our words."""

from typing import Any

from allauth.core import context
from allauth.mfa.base import forms as base_forms
from allauth.mfa.internal.flows.add import validate_can_add_authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from django.forms import ValidationError
from django.utils.translation import gettext_lazy as _

from agile_sales.second_factors import accept_code, matching_step
from agile_sales.security_log import note_refused_proof
from agile_sales.sign_in_limits import count_code_guess, tell_of_wrong_codes
from agile_sales.sign_in_records import note_wrong_code
from tenancy.form_fields import LineField

WRONG_CODE = _("This code is wrong, or it was used before. Your app shows a new one every 30 seconds.")
BROKEN_PASSKEY = _("The passkey was not accepted. Try again.")
# What the library lets through when a browser, or somebody instead of it, sends nonsense.
NONSENSE = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError, NotImplementedError)


class _Code:
    """A field for one code; typed or pasted with blanks it counts the same."""

    fields: dict[str, Any]
    cleaned_data: dict[str, Any]
    user: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        field.max_length = 40
        field.widget.attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": 40}


class _SignInCode(_Code):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code of your app, or a recovery code")

    def clean_code(self) -> str:
        """Count the guess, then use the code up."""
        guess = count_code_guess(context.request, user_id=self.user.pk)
        code: str = self.cleaned_data["code"]
        authenticator = accept_code(self.user, code)
        if authenticator is None:
            note_wrong_code(context.request, self.user)
            tell_of_wrong_codes(context.request, user=self.user)
            raise ValidationError(WRONG_CODE, code="incorrect_code")
        guess.was_right()
        authenticator.user = self.user
        self.authenticator = authenticator
        return code


class AuthenticateForm(_SignInCode, base_forms.AuthenticateForm):  # type: ignore[misc]
    """The second step of signing in."""


class ReauthenticateForm(_SignInCode, base_forms.ReauthenticateForm):  # type: ignore[misc]
    """A code once more, before something important."""


class ActivateTOTPForm(_Code, totp_forms.ActivateTOTPForm):  # type: ignore[misc]
    """The first code of an app, which proves that it has the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code that the app shows")

    def clean_code(self) -> str:
        """Accept the code that belongs to the secret of this session."""
        validate_can_add_authenticator(self.user)
        guess = count_code_guess(context.request, user_id=self.user.pk)
        code: str = self.cleaned_data["code"]
        step = matching_step(self.secret, code)
        if step is None:
            raise ValidationError(WRONG_CODE, code="incorrect_code")
        guess.was_right()
        self.step = step
        return code


class _Careful:
    """A passkey comes from outside: whatever is wrong with it is a sentence, not an error of ours."""

    def _clean_fields(self) -> None:
        try:
            super()._clean_fields()  # type: ignore[misc]
        except NONSENSE:
            self.add_error("credential", BROKEN_PASSKEY)  # type: ignore[attr-defined]


class AddPasskeyForm(_Careful, webauthn_forms._BaseAddWebAuthnForm):  # type: ignore[misc]
    """A new passkey and what the person calls it."""

    name = LineField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("What you call it")
        self.fields["name"].max_length = 60
        self.fields["name"].widget.attrs["maxlength"] = 60
        self.fields["name"].help_text = _("For example: my laptop, the key on my key ring")

    def clean_name(self) -> str:
        """Return the name, else a number."""
        return str(super().clean_name())[:60]

    def clean(self) -> dict[str, Any]:
        """Check that the browser made it for us, and that it asks who is there."""
        try:
            cleaned: dict[str, Any] = super().clean()
        except NONSENSE as error:
            raise ValidationError(BROKEN_PASSKEY) from error
        return cleaned


class RenamePasskeyForm(webauthn_forms.EditWebAuthnForm):  # type: ignore[misc]
    """Another name for a passkey."""

    name = LineField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("What you call it")
        self.fields["name"].max_length = 60
        self.fields["name"].widget.attrs["maxlength"] = 60


class _Proof(_Careful):
    user: Any
    errors: Any

    def _clean_fields(self) -> None:
        super()._clean_fields()
        if "credential" in self.errors:
            note_refused_proof(means="webauthn", user=self.user)


class AuthenticatePasskeyForm(_Proof, webauthn_forms.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey as the second step."""


class SignInPasskeyForm(_Proof, webauthn_forms.LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey instead of a password."""


class ReauthenticatePasskeyForm(_Proof, webauthn_forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey once more, before something important."""
