"""What customers answer when they are asked."""

from datetime import datetime
from typing import TypedDict, Unpack

from django.db import transaction

from pipeline.models import Account, Contact, SatisfactionResponse
from pipeline.models.record import MANUAL
from pipeline.operations.changes import check_references
from pipeline.operations.noting import note_created
from tenancy.events import record_event
from tenancy.models import Member, Organization


class SatisfactionFields(TypedDict, total=False):
    """What can be said of an answer."""

    contact: Contact | None
    comment: str
    survey: str


class UnableToRecordAnswer(ValueError):
    """The answer can't be kept so; the message says why."""


@transaction.atomic
def record_satisfaction_response(
    *,
    organization: Organization,
    account: Account,
    score: int,
    responded_at: datetime,
    actor: Member | None,
    created_at: datetime,
    source: str = MANUAL,
    external_id: str = "",
    **fields: Unpack[SatisfactionFields],
) -> SatisfactionResponse:
    """Keep an answer to "would you recommend us". It is never changed: what a customer said is said.

    :raises UnableToRecordAnswer: when the contact works at another account.
    :raises django.db.IntegrityError: when there is one with that source and external id.
    """
    contact = fields.get("contact")
    if contact is not None and contact.account_id not in (None, account.pk):
        raise UnableToRecordAnswer("The contact works at another account.")
    answer: SatisfactionResponse = SatisfactionResponse.objects.create(
        organization=organization,
        source=source,
        external_id=external_id,
        account=account,
        score=score,
        responded_at=responded_at,
        created_at=created_at,
        updated_at=created_at,
        recorded_at=created_at,
        **fields,
    )
    check_references()
    note_created(answer)
    record_event(
        organization=organization,
        type="survey.answered",
        subject=answer,
        payload={"account": str(account.pk), "score": score, "survey": answer.survey},
        actor=actor,
        occurred_at=responded_at,
    )
    return answer
