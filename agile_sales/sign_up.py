"""How people get a sign-in by themselves: first the proof that the address is theirs, then a name and a password.

Nothing is kept of an address before it is proved. Whether somebody signs in with it already is told to its mailbox
only.
"""

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.core import signing
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse

from tenancy.models import User

LIFETIME_SECONDS = 24 * 3600
_SALT = "sign-up"


class UnableToSignUp(ValueError):
    """Somebody signs in with this address meanwhile."""


def send_sign_up_mail(request: HttpRequest, *, email: str) -> None:
    """Send the link that proves the address; or, to somebody who has a sign-in, the way to it."""
    email = email.lower()
    mails = get_adapter(request)
    if signs_in_already(email):
        reset = request.build_absolute_uri(reverse("account_reset_password"))
        sign_in = request.build_absolute_uri(reverse("account_login"))
        mails.send_mail("account/email/sign_up_known", email, {"sign_in_url": sign_in, "reset_url": reset})
        return
    token = signing.dumps(email, salt=_SALT)
    link = request.build_absolute_uri(reverse("sign-up-finish", args=[token]))
    mails.send_mail("account/email/sign_up", email, {"link": link})


def proved_address(token: str) -> str | None:
    """Return the address that a link proves; None for one that we did not make, or that is older than a day."""
    try:
        email = signing.loads(token, salt=_SALT, max_age=LIFETIME_SECONDS)
    except signing.BadSignature:
        return None
    return email if isinstance(email, str) else None


def signs_in_already(email: str) -> bool:
    """Return whether there is a sign-in with this address."""
    return User.objects.filter(email=email).exists()


def sign_up(*, email: str, name: str, password: str) -> User:
    """Create and return the sign-in of somebody who proved the address.

    :raises UnableToSignUp: when there is one already; a link makes one sign-in, however often it is opened.
    """
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, name=name)
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    except IntegrityError as error:
        raise UnableToSignUp from error
    return user
