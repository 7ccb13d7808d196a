"""What every test has: a database of its own that the application's role cannot leave the fence of, and the cast."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client
from pytest_django import DjangoDbBlocker

from tenancy.models import Member
from tenancy.scoping import organization_scope
from tests.cast import Cast, create_cast
from tests.servers import drop_database, make_database, with_database
from tests.signed_in import signed_in_client


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give this worker its copy of the migrated template, as agile_app."""
    name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}_{os.getpid()}"
    make_database(name)
    with django_db_blocker.unblock():
        connections["default"].close()
        settings.DATABASES["default"]["NAME"] = name
        connections["default"].settings_dict["NAME"] = name
        for variable in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SYSTEM_URL"):
            os.environ[variable] = with_database(os.environ[variable], name)
        refuse_an_almighty_role()
    yield
    with django_db_blocker.unblock():
        connections.close_all()
    drop_database(name)


def refuse_an_almighty_role() -> None:
    """Stop the run when the tests' role could pass the fence: every isolation test would be green for nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        role, superuser, bypass = cursor.fetchone()
    if superuser or bypass:
        pytest.exit(f"The tests run as {role}, which row-level security does not hold; they would prove nothing.", 3)


@pytest.fixture
def cast(db: None) -> Cast:
    """The two organisations and their people."""
    return create_cast()


@pytest.fixture
def acme_scope(cast: Cast) -> Iterator[None]:
    """Run the test inside Acme."""
    with organization_scope(cast.acme):
        yield


@pytest.fixture
def client_for(cast: Cast) -> Callable[[Member], Client]:
    """Return a function that gives a browser in which the member is signed in."""

    def signed_in(member: Member) -> Client:
        assert member.user is not None
        return signed_in_client(member.user)

    return signed_in


@pytest.fixture
def in_organization() -> Callable[..., AbstractContextManager[None]]:
    """The scope opener, for tests that move between organisations."""
    return organization_scope


@pytest.fixture(autouse=True)
def _stay_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections that would leave the machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = str(address[0]) if isinstance(address, tuple) else "localhost"
        if host not in ("localhost", "::1") and not host.startswith("127."):
            raise AssertionError(f"A test tried to reach {address}, which is not on this machine.")
        return connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)
