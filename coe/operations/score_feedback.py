"""Doubts about scores and their answers, and the count of explanations that were opened."""

from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction
from uuid_utils.compat import uuid7

from coe.models import ExplanationOpening, ScoreReport
from pipeline.models import AccountScore
from tenancy.events import record_event
from tenancy.models import Member, Organization


class UnableToAnswer(ValueError):
    """The doubt can't be answered; the message says why."""


@transaction.atomic
def report_score(
    *, organization: Organization, score: AccountScore, doubt: str, words: str, reported_by: Member, at: datetime
) -> ScoreReport:
    """Keep that a score looks wrong to somebody, with the score and its reasons as they are."""
    report: ScoreReport = ScoreReport.objects.create(
        organization=organization,
        account_id=score.account_id,
        score=score.score,
        model_version=score.model_version,
        reasons=score.reasons,
        as_of=score.as_of,
        doubt=doubt,
        words=words,
        reported_by=reported_by,
        reported_at=at,
    )
    record_event(
        organization=organization,
        type="score.reported",
        subject=report,
        payload={"account": str(score.account_id), "doubt": doubt, "score": score.score},
        actor=reported_by,
        occurred_at=at,
    )
    return report


@transaction.atomic
def answer_report(
    *, organization: Organization, report: ScoreReport, verdict: str, answer: str, answered_by: Member, at: datetime
) -> None:
    """Answer a doubt, once.

    :raises UnableToAnswer: when somebody else was faster.
    """
    waiting = ScoreReport.objects.for_organization(organization).open().filter(pk=report.pk)
    if not waiting.update(verdict=verdict, answer=answer, answered_by=answered_by, answered_at=at):
        raise UnableToAnswer("Somebody else has answered it meanwhile.")
    record_event(
        organization=organization,
        type="score.report_answered",
        subject=report,
        payload={"account": str(report.account_id), "verdict": verdict},
        actor=answered_by,
        occurred_at=at,
    )


def count_opening(*, organization: Organization, account_id: UUID, day: date) -> None:
    """Count that somebody looked why an account has its score."""
    table = ExplanationOpening._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" AS t (id, organization_id, account_id, day, times) VALUES (%s, %s, %s, %s, 1)'  # noqa: S608 # nosec B608 # our table; values are parameters
            " ON CONFLICT (organization_id, account_id, day) DO UPDATE SET times = t.times + 1",
            [uuid7(), organization.pk, account_id, day],
        )
