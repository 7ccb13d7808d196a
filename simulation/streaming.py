"""A company of any size, drawn and stored batch by batch: each is forgotten before the next one is drawn."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import Error as DatabaseError
from django.db import transaction

from simulation.beginnings import TASK, UnableToLoad, mark_progress, new_organization
from simulation.company import Frame, draw_batch
from simulation.loader import CompanyLoader, Progress, make_room
from simulation.truth import TruthFile
from tenancy.models import Organization
from tenancy.scoping import organization_scope

Clock = Callable[[], float]


class UnfinishedCompany(UnableToLoad):
    """Part of the company is stored and will stay; the message says how much, and what to do."""


@dataclass(frozen=True)
class StreamedCompany:
    """A company that has been stored: where, and how many rows of a kind."""

    organization: Organization
    rows: dict[str, int]


def stream_company(
    frame: Frame,
    *,
    slug: str,
    name: str,
    truth: TruthFile | None = None,
    progress: Progress = lambda line: None,
    clock: Clock = time.monotonic,
) -> StreamedCompany:
    """Store the company as a new organisation, one transaction a batch; the first brings people and products with it.

    With one batch it is stored whole or not at all. With more the organisation says in its name and settings that it
    is unfinished until the last one is in.

    :raises UnableToLoad: when the slug is taken or can't be one.
    :raises UnfinishedCompany: when a later batch fails.
    """
    organization = new_organization(frame.profile, slug=slug, name=name)
    batches = len(frame.sizes)
    loader = CompanyLoader(frame.profile, organization, progress if batches == 1 else lambda line: None)
    make_room(frame.end_date)
    started, stored = clock(), 0
    for number, size in enumerate(frame.sizes):
        try:
            _store(frame, number, loader, organization, name, stored + size, truth)
        except (DatabaseError, OSError, MemoryError, KeyboardInterrupt) as error:
            if not stored:
                raise
            raise UnfinishedCompany(_what_now(organization, stored, frame.accounts, error)) from error
        stored += size
        if batches > 1:
            progress(_how_far(stored, frame.accounts, sum(loader.counts.values()), clock() - started))
    if batches > 1:
        for label, count in loader.counts.items():
            progress(f"{count:>12,} {label}")
    return StreamedCompany(organization, loader.counts)


def _store(
    frame: Frame,
    number: int,
    loader: CompanyLoader,
    organization: Organization,
    name: str,
    stored: int,
    truth: TruthFile | None,
) -> None:
    """Draw a batch and store it; what it took is free again when this returns."""
    company = draw_batch(frame, number)
    with transaction.atomic():
        if number == 0:
            organization.save(force_insert=True)
        with organization_scope(organization, task=TASK):
            accounts = loader.add(company)
            if number == len(frame.sizes) - 1:
                loader.finish()
            mark_progress(organization, name, stored, frame.accounts)
            if truth is not None:  # inside, so that no batch is stored whose truth is lost
                truth.add(company, slug=organization.slug, accounts=accounts)


def _how_far(stored: int, accounts: int, rows: int, seconds: float) -> str:
    rate = stored / max(seconds, 0.001)
    left = round((accounts - stored) / rate)
    hours, minutes = left // 3600, left % 3600 // 60
    words = f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {left % 60:02d} s"
    return f"{stored:>10,} of {accounts:,} accounts, {rows:,} rows; {rate:,.0f} accounts/s, {words} left"


def _what_now(organization: Organization, stored: int, accounts: int, error: BaseException) -> str:
    why = "it was stopped" if isinstance(error, KeyboardInterrupt) else str(error).strip() or type(error).__name__
    return (
        f"The simulation ended early: {why}\n"
        f"{stored:,} of {accounts:,} accounts are stored under {organization.slug!r}, whole in themselves; its name "
        "says that it is unfinished. To repeat it, run the same command with --again: what is there moves to the "
        f"address {organization.slug[:40]}-unfinished-1, is set inactive, and a new organisation begins. No command "
        "removes an organisation, because its audit trail is kept; to be rid of the rows, begin with an empty database "
        "(a local installation: stop it and delete .local/)."
    )
