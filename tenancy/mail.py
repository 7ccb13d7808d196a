"""Mail leaves through a row, so that a mail server that is down loses nothing and delays no page."""

import smtplib
from collections.abc import Sequence
from email.message import EmailMessage as MimeMessage

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from tenancy.models import OutgoingMail


class OutboxBackend(BaseEmailBackend):
    """Django's mail backend: writes the messages down in the transaction of whoever sends them."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep the messages for the worker and return how many."""
        now = timezone.now()
        OutgoingMail.objects.bulk_create(
            OutgoingMail(
                sender=message.from_email,
                recipients=message.recipients(),
                subject=str(message.subject),
                text=str(message.body),
                created_at=now,
                next_at=now,
            )
            for message in email_messages
        )
        return len(email_messages)


def hand_over(mail: OutgoingMail) -> None:
    """Give one message to the mail server; with the local mailbox there is no server, and it just stays readable.

    :raises OSError: (smtplib's errors are OSErrors) when the server cannot be reached or refuses.
    """
    if settings.LOCAL_MAILBOX:
        return
    message = MimeMessage()
    message["From"], message["To"], message["Subject"] = mail.sender, ", ".join(mail.recipients), mail.subject
    message.set_content(mail.text)
    with smtplib.SMTP(settings.MAIL_HOST, settings.MAIL_PORT, timeout=20) as server:
        if settings.MAIL_TLS:
            server.starttls()
        if settings.MAIL_USER:
            server.login(settings.MAIL_USER, settings.MAIL_PASSWORD)
        server.send_message(message)
