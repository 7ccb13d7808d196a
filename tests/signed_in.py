"""A browser in which somebody is signed in, as the sign-in page leaves it."""

import time

from django.conf import settings
from django.test import Client

from tenancy.models import User


def signed_in_client(user: User) -> Client:
    """Return a client in which the user has just signed in with the password."""
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "email": user.email}]
    session["account_authentication_methods_user"] = str(user.pk)
    session["seen_at"] = session["signed_in_at"] = int(time.time())
    session.save()
    return client


def let_time_pass(client: Client, *, seconds: float = 3600) -> None:
    """Make it so long ago that the person in this client proved who they are."""
    session = client.session
    records = session["account_authentication_methods"]
    session["account_authentication_methods"] = [{**record, "at": record["at"] - seconds} for record in records]
    session.save()
