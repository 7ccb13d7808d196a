"""Tasks of the foundation."""

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from tenancy.mail import hand_over
from tenancy.models import OutgoingMail


@shared_task(name="tenancy.tasks.deliver_mail")
def deliver_mail(*, mail_id: str) -> None:
    """Hand one message over; a failure is kept beside it and the relay publishes it again later."""
    with transaction.atomic():
        mail = OutgoingMail.objects.select_for_update(skip_locked=True).filter(pk=mail_id, sent_at=None).first()
        if mail is None:
            return
        mail.attempts += 1
        try:
            hand_over(mail)
        except OSError as error:
            mail.error = f"{type(error).__name__}: {error}"[:2000]
        else:
            mail.sent_at, mail.error = timezone.now(), ""
        mail.save(update_fields=["attempts", "error", "sent_at"])
