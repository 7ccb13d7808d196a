"""Mail is written down first, handed over later, and nobody's address is given away."""

import re

import pytest
from django.core import mail
from django.test import Client, override_settings
from pytest_django import Settings

from tenancy.models import OutgoingMail
from tenancy.tasks import deliver_mail
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _real_backend(settings: Settings) -> None:
    """Django's test runner puts a list in place of the mail backend; ours is what is tested."""
    settings.EMAIL_BACKEND = "tenancy.mail.OutboxBackend"


class TestPasswordReset:
    def test_it_sends_a_link_that_lets_a_new_password_in(self, cast: Cast, client: Client) -> None:
        client.post("/auth/password/reset/", {"email": "rui@acme.example"})

        message = OutgoingMail.objects.get()
        assert message.recipients == ["rui@acme.example"]
        link = re.search(r"http://testserver(/auth/password/reset/key/\S+)", message.text)
        assert link is not None
        page = client.get(link[1], follow=True)
        form = page.request["PATH_INFO"]
        client.post(form, {"password1": "a-new-pass-phrase", "password2": "a-new-pass-phrase"})
        assert client.login(email="rui@acme.example", password="a-new-pass-phrase")

    def test_it_answers_an_unknown_address_the_same_way(self, cast: Cast, client: Client) -> None:
        known = client.post("/auth/password/reset/", {"email": "rui@acme.example"})
        unknown = client.post("/auth/password/reset/", {"email": "nobody@acme.example"})

        assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])

    def test_the_mailbox_of_a_local_installation_shows_it(self, cast: Cast, client: Client) -> None:
        client.post("/auth/password/reset/", {"email": "rui@acme.example"})

        assert "rui@acme.example" in client.get("/auth/mailbox/").content.decode()

    @override_settings(LOCAL_MAILBOX=False)
    def test_the_mailbox_does_not_exist_elsewhere(self, cast: Cast, client: Client) -> None:
        assert client.get("/auth/mailbox/").status_code == 404


class TestDelivery:
    def write(self) -> OutgoingMail:
        mail.send_mail("Subject", "Text", "from@acme.example", ["to@acme.example"])
        return OutgoingMail.objects.get()

    def test_it_marks_what_was_handed_over(self) -> None:
        message = self.write()

        deliver_mail(mail_id=str(message.pk))

        message.refresh_from_db()
        assert message.sent_at is not None

    @override_settings(LOCAL_MAILBOX=False, MAIL_HOST="127.0.0.1", MAIL_PORT=1)
    def test_it_keeps_the_message_and_the_reason_when_the_server_is_down(self) -> None:
        message = self.write()

        deliver_mail(mail_id=str(message.pk))

        message.refresh_from_db()
        assert message.sent_at is None
        assert message.error.startswith("ConnectionRefusedError")
