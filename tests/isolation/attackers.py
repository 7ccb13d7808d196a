"""Who attacks: everybody of Globex, programs with tokens of Globex, and people without any of that."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.test import Client
from django.utils import timezone

from tenancy.access import API_SCOPES
from tenancy.models import Member, User
from tenancy.scoping import organization_scope
from tenancy.tokens import issue_token, revoke_token
from tests.cast import Cast


@dataclass(frozen=True)
class Attacker:
    """Somebody with a browser or a program."""

    name: str
    client: Client
    token: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """The headers that prove who asks."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def browsers(cast: Cast) -> list[Attacker]:
    """Return a signed-in browser for each role in Globex, and one of nobody."""
    people = []
    with organization_scope(cast.globex):
        for role in Member.Role.values:
            user = User.objects.create_user(f"{role}@globex.example", None, name=f"Globex {role}")
            Member.objects.create(
                organization=cast.globex, user=user, name=user.name, email=user.email, role=role, external_id=role
            )
            people.append(Attacker(role, _signed_in(user)))
    return [*people, Attacker("nobody", Client(raise_request_exception=False))]


def programs(cast: Cast) -> list[Attacker]:
    """Return programs with a good token of Globex, a revoked one, a mistyped one, none, and a cookie in its place."""
    now = timezone.now()
    with organization_scope(cast.globex):
        _, good = issue_token(organization=cast.globex, name="all", scopes=list(API_SCOPES), issued_at=now)
        ended, old = issue_token(organization=cast.globex, name="old", scopes=list(API_SCOPES), issued_at=now)
        revoke_token(organization=cast.globex, token=ended, actor=None, revoked_at=now)
    assert cast.sam.user is not None
    new: Callable[[], Client] = lambda: Client(raise_request_exception=False)  # noqa: E731
    return [
        Attacker("token", new(), good),
        Attacker("revoked token", new(), old),
        Attacker("mistyped token", new(), good[:-1] + ("a" if good[-1] != "a" else "b")),
        Attacker("no token", new()),
        Attacker("cookie", _signed_in(cast.sam.user)),
    ]


def _signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client
