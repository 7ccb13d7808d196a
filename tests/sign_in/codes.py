"""Second factors for the tests, as their owners have them."""

import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.totp.internal.auth import TOTP

from tenancy.models import Member

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def set_up_app(member: Member) -> str:
    """Give the person an app with codes, and return its secret."""
    TOTP.activate(member.user, SECRET)
    return SECRET


def set_up_recovery_codes(member: Member) -> list[str]:
    """Give the person recovery codes, and return them."""
    return list(RecoveryCodes.activate(member.user).generate_codes())


def code_now(secret: str = SECRET, *, steps: int = 0) -> str:
    """Return what the app shows now, or some steps of 30 seconds later or (negative) earlier."""
    return totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30 + steps))


def authenticators(member: Member) -> list[Any]:
    """Return the rows of the person's second factors."""
    return list(Authenticator.objects.filter(user_id=member.user_id).order_by("pk"))
