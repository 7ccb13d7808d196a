"""The forms of signing in, with our words: labels instead of placeholders, and names that password managers know."""

from typing import Any

from allauth.account import forms
from allauth.core import context
from django.forms import Form, ValidationError
from django.utils.translation import gettext_lazy as _

from agile_sales.security_log import note_refused_proof
from agile_sales.sign_in_limits import count_mail, count_password_guess

PASSWORD_HINT = _("At least 10 characters. A short sentence is easy to remember and hard to guess.")


def _plain(form: Form) -> None:
    """A placeholder is no label, and help texts of HTML are not ours."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
        field.help_text = ""


class LoginForm(forms.LoginForm):  # type: ignore[misc]
    """Address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        self.fields["login"].label = _("E-mail address")
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class ReauthenticateForm(forms.ReauthenticateForm):  # type: ignore[misc]
    """The password once more, before something important."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)


class ResetPasswordForm(forms.ResetPasswordForm):  # type: ignore[misc]
    """The address that the link goes to."""

    def clean_email(self) -> str:
        """Count the mail, whether or not anybody gets one."""
        count_mail(context.request, email=self.cleaned_data["email"], kind="reset")
        return str(super().clean_email())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        self.fields["email"].label = _("E-mail address")


class _NewPassword:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)  # type: ignore[arg-type]
        fields = self.fields  # type: ignore[attr-defined]
        fields["password1"].label = _("New password")
        fields["password1"].help_text = PASSWORD_HINT
        fields["password2"].label = _("New password, again")
        if "oldpassword" in fields:
            fields["oldpassword"].label = _("Current password")


class ResetPasswordKeyForm(_NewPassword, forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """A new password, after a link from a mail."""


class ChangePasswordForm(_NewPassword, forms.ChangePasswordForm):  # type: ignore[misc]
    """A new password, by somebody who knows the old one."""

    def clean_oldpassword(self) -> str:
        """Count the guess as signing in does: an open screen is no place to try passwords out."""
        guess = count_password_guess(context.request, email=self.user.email)
        try:
            password = str(super().clean_oldpassword())
        except ValidationError:
            note_refused_proof(means="password", user=self.user)
            raise
        guess.was_right()
        return password


class SetPasswordForm(_NewPassword, forms.SetPasswordForm):  # type: ignore[misc]
    """A first password, for somebody who signed in another way."""
