"""A local installation shows the mail that it would send; elsewhere there is no such page."""

from datetime import timedelta
from http import HTTPStatus

from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from tenancy.models import OutgoingMail
from tests.cast import Cast


def keep(to: str, *, subject: str, text: str = "Hello", minutes_ago: int = 0) -> OutgoingMail:
    at = timezone.now() - timedelta(minutes=minutes_ago)
    return OutgoingMail.objects.create(
        sender="Agile Sales <no-reply@localhost>",
        recipients=[to],
        subject=subject,
        text=text,
        created_at=at,
        next_at=at,
    )


def shown(path: str) -> str:
    response = Client().get(path)
    assert response.status_code == HTTPStatus.OK
    return response.content.decode()


def test_the_newest_comes_first(db: None) -> None:
    for number in range(3):
        keep("lena@acme.example", subject=f"Message {number}", minutes_ago=number)

    page = shown(reverse("mailbox"))

    assert page.index("Message 0") < page.index("Message 1") < page.index("Message 2")


def test_one_is_read_and_its_links_lead_on(db: None) -> None:
    link = "http://localhost:8000/auth/signup/ImxlbmEi:1x:abc-_d/"
    mail = keep("lena@acme.example", subject="Begin", text=f"Go on here:\n\n{link}\n\n<script>alert(1)</script>")

    page = shown(reverse("mailbox-message", args=[mail.pk]))

    assert f'<a href="{link}" rel="nofollow">' in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_it_is_narrowed_to_one_address(db: None) -> None:
    keep("lena@acme.example", subject="For Lena")
    keep("sam@globex.example", subject="For Sam")

    page = shown(f"{reverse('mailbox')}?to=sam@globex.example")

    assert "For Sam" in page
    assert "For Lena" not in page
    assert '<option value="lena@acme.example">' in page, "the others can be chosen"
    assert "For Sam" not in shown(f"{reverse('mailbox')}?to=nobody@acme.example")


def test_pages_that_say_look_at_your_mail_lead_there(cast: Cast) -> None:
    for name in ("account_reset_password_done", "sign-up-sent"):
        assert reverse("mailbox") in shown(reverse(name))
        with override_settings(LOCAL_MAILBOX=False):
            assert reverse("mailbox") not in shown(reverse(name))


@override_settings(LOCAL_MAILBOX=False)
def test_where_mail_is_really_sent_there_is_none(db: None) -> None:
    mail = keep("lena@acme.example", subject="Secret")

    for path in (reverse("mailbox"), reverse("mailbox-message", args=[mail.pk])):
        response = Client().get(path)
        assert response.status_code == HTTPStatus.NOT_FOUND
        assert "Secret" not in response.content.decode()
