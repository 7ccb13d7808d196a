"""What stands beside the password: codes of an app, recovery codes and passkeys."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import transaction
from django.utils.encoding import force_bytes
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenancy.models import User

LAST_STEP = "last_step"


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Our names and words, and secrets that a copy of the database does not give away."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("That was not accepted. Try again."),
        "cannot_generate_recovery_codes": _(
            "Recovery codes stand in for an app or a passkey. Set one of them up first."
        ),
    }

    def encrypt(self, text: str) -> str:
        """Return the secret as it is stored."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret that was stored."""
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def get_totp_issuer(self) -> str:
        """Return what the app shows above the codes."""
        return settings.PRODUCT_NAME

    def _get_site_name(self) -> str:
        return settings.PRODUCT_NAME

    def generate_authenticator_name(self, user: User, type: str) -> str:  # noqa: A002  (the library calls it so)
        """Return a name for a passkey that was given none."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return gettext("Passkey %(number)s") % {"number": count + 1}


def _cipher() -> MultiFernet:
    """Return the cipher of the installation's key; a key that was replaced still reads (SECRET_KEY_FALLBACKS)."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str | bytes) -> bytes:
    return base64.urlsafe_b64encode(
        hashlib.blake2b(force_bytes(key), digest_size=32, person=b"second factors").digest()
    )


def accept_code(user: User, code: str) -> Authenticator | None:
    """Use up a code of the person's app or a recovery code, and return what it belongs to; None for a wrong one.

    A code is good for one use, however many try it at the same moment and whatever becomes of the cache: what was used
    is on the row itself, and the row is locked.
    """
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
    with transaction.atomic():
        rows = Authenticator.objects.select_for_update().filter(user_id=user.pk, type__in=kinds)
        held = {row.type: row for row in rows.order_by("pk")}
        app = held.get(Authenticator.Type.TOTP)
        if app is not None and _use_step(app, code):
            return app
        recovery = held.get(Authenticator.Type.RECOVERY_CODES)
        if recovery is not None and recovery.wrap().validate_code(code):
            return recovery
    return None


def matching_step(secret: str, code: str, *, after: int = -1) -> int | None:
    """Return which 30 seconds a code of an app belongs to, if they are now or next to now and later than `after`."""
    steps: Iterator[int] = totp.yield_hotp_counters_from_time()
    for step in steps:
        expected = totp.format_hotp_value(totp.hotp_value(secret, step))
        if step > after and compare_user_code(actual=code, expected=expected):
            return step
    return None


def note_step(user: User, step: int) -> None:
    """Remember that the code of this step was used, so that it can't be used again."""
    app = Authenticator.objects.get(user_id=user.pk, type=Authenticator.Type.TOTP)
    app.data[LAST_STEP] = step
    app.save(update_fields=["data"])


def _use_step(app: Authenticator, code: str) -> bool:
    data: dict[str, Any] = app.data
    step = matching_step(SecondFactorAdapter().decrypt(data["secret"]), code, after=data.get(LAST_STEP, -1))
    if step is None:
        return False
    data[LAST_STEP] = step
    app.save(update_fields=["data"])
    return True
