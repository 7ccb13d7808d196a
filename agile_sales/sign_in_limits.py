"""How often one may guess: exact, from any number of addresses at once, and closed when nobody can count.

A guess is counted before it is looked at, so that of many at once no more are looked at than may be; when it was right
its place is given back, so that nobody uses up an allowance by signing in. What is refused here looks the same for an
address that somebody signs in with and for one that nobody does.
"""

import logging
import unicodedata
from dataclasses import dataclass

from allauth.account.adapter import get_adapter
from allauth.account.internal.userkit import filter_users_by_email
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import get_client_ip
from allauth.core.internal.ratelimit import truncate_ip
from django.http import HttpRequest

from agile_sales import error_views
from agile_sales.security_log import note_refused_proof
from tenancy.limits import Limit, LimiterUnavailable, Verdict, give_back, take, take_all
from tenancy.models import User

logger = logging.getLogger(__name__)

GUESSES = 10
"""Of one account's password, from wherever, within WINDOW; and as many of its codes."""
WINDOW = 300
WRONG_CODES = 5
"""So many within WINDOW, and the owner is told by mail."""
MAILS = 5
"""To one address within WINDOW."""
FOUNDED_A_DAY = 5
"""Organisations that one person may begin in a day."""
FROM_ONE_PLACE = 300
"""Forms that one network address may send within WINDOW. A whole office signs in behind one."""


@dataclass(frozen=True)
class Guess:
    """A guess that was counted."""

    limits: tuple[Limit, ...]
    verdicts: list[Verdict]

    def was_right(self) -> None:
        """Give its place back: knowing it is no guessing. Call it once, and only when it is certain."""
        try:
            give_back(self.limits, self.verdicts)
        except LimiterUnavailable as error:
            logger.warning("A right guess goes on counting: %s", error)


def count_password_guess(request: HttpRequest, *, email: str) -> Guess:
    """Count a guess of the password that belongs to an address.

    :raises ImmediateHttpResponse: 429 when there were too many, 503 when nobody can count.
    """
    return _count(request, Limit(f"password:{account_key(email)}", GUESSES, WINDOW), _place(request))


def count_code_guess(request: HttpRequest, *, user_id: object) -> Guess:
    """Count a guess of a code, of an app or a recovery code, at sign-in and later alike.

    :raises ImmediateHttpResponse: as above.
    """
    return _count(request, Limit(f"codes:{user_id}", GUESSES, WINDOW))


def tell_of_wrong_codes(request: HttpRequest, *, user: User) -> None:
    """Tell somebody, once an hour, that their password is known to whoever tries codes: five were wrong."""
    try:
        if take(f"wrong codes:{user.pk}", limit=WRONG_CODES - 1, seconds=WINDOW).allowed:
            return
        is_first = take(f"told of wrong codes:{user.pk}", limit=1, seconds=3600).allowed
    except LimiterUnavailable:
        return  # the guess itself was counted, so this is gone within a moment
    if is_first:
        get_adapter(request).send_notification_mail("account/email/wrong_codes", user)


def count_mail(request: HttpRequest, *, email: str, kind: str) -> None:
    """Count a mail of one kind that somebody asked for, whether or not it is sent.

    :raises ImmediateHttpResponse: as above.
    """
    _count(request, Limit(f"mail:{kind}:{account_key(email)}", MAILS, WINDOW), _place(request))


def count_founding(request: HttpRequest, *, user_id: object) -> None:
    """Count an organisation that somebody begins.

    :raises ImmediateHttpResponse: as above.
    """
    _count(request, Limit(f"founding:{user_id}", FOUNDED_A_DAY, 24 * 3600))


def account_key(email: str) -> str:
    """Return what guesses of an address are counted under: its person, however the address was spelled."""
    users = filter_users_by_email(email, prefer_verified=True, for_login=True)
    return f"user {users[0].pk}" if users else f"address {unicodedata.normalize('NFKC', email).casefold().strip()}"


def _place(request: HttpRequest) -> Limit:
    return Limit(f"place:{truncate_ip(get_client_ip(request) or '')}", FROM_ONE_PLACE, WINDOW)


def _count(request: HttpRequest, *limits: Limit) -> Guess:
    what = limits[0].key.partition(":")[0]  # what follows says whose it is
    try:
        verdicts = take_all(limits)
    except LimiterUnavailable as error:
        note_refused_proof(means=what, user=None, outcome="not counted")
        raise ImmediateHttpResponse(error_views.unavailable(request)) from error
    if not all(verdict.allowed for verdict in verdicts):
        note_refused_proof(means=what, user=None, outcome="too many")
        raise ImmediateHttpResponse(_too_many(request, verdicts))
    return Guess(limits, verdicts)


def _too_many(request: HttpRequest, verdicts: list[Verdict]) -> object:
    response = error_views.too_many_requests(request)
    response["Retry-After"] = str(max(verdict.resets_in for verdict in verdicts if not verdict.allowed))
    return response
