"""One record of each kind in Acme, so that every address with a parameter can be asked for."""

from collections.abc import Callable
from uuid import uuid4

from django.utils import timezone

from coe.models import ScoreReport, TrainedModel
from coe.operations import report_score
from integrations.models import Import
from integrations.operations.uploads import Upload, start_import
from pipeline.models import (
    Account,
    AccountScore,
    AccountValue,
    BulkChange,
    Decision,
    NextAction,
    SavedView,
    UndoStep,
    WeekPlan,
)
from pipeline.operations import ask_decision, keep_undo_step, save_view
from pipeline.operations.bulk import queue_bulk_change
from tenancy.invitations import invite
from tenancy.models import (
    ApiToken,
    AuditEntry,
    Invitation,
    Member,
    Organization,
    Run,
    SupportSession,
    Unit,
    UnitMembership,
    User,
)
from tenancy.support import open_support_session
from tenancy.tokens import issue_token
from tenancy.working_time import local_day
from tests.cast import Cast
from tests.coe import models
from tests.pipeline import records


def parameters_of(cast: Cast) -> dict[str, Callable[[], str]]:
    """Return a maker for each parameter that an address of an organisation may have.

    The makers run inside Acme. An address with a new parameter needs a line here, or its test fails.
    """
    acme, rui = cast.acme, cast.rui
    return {
        "account_id": lambda: str(a_scored_account(acme, rui).pk),
        "contact_id": lambda: str(records.a_contact(acme, records.an_account(acme, owner=rui), owner=rui).pk),
        "inquiry_id": lambda: str(records.an_inquiry(acme, records.an_account(acme, owner=rui)).pk),
        "opportunity_id": lambda: str(records.a_deal(acme, records.an_account(acme, owner=rui), owner=rui).pk),
        "decision_id": lambda: str(a_decision(acme, rui).pk),
        "order_id": lambda: str(records.an_order(acme, records.an_account(acme, owner=rui), owner=rui).pk),
        "import_id": lambda: str(an_import(acme).pk),
        "run_id": lambda: str(a_night(acme).pk),
        "product_id": lambda: str(records.a_product(acme).pk),
        "bulk_id": lambda: str(a_bulk_change(acme, cast.ada).pk),
        "view_id": lambda: str(a_view(acme, cast.ada).pk),
        "token": lambda: str(an_undo_step(acme, cast.ada).pk),
        "token_id": lambda: str(a_token(acme).pk),
        "entry_id": lambda: str(an_entry(acme, rui).pk),
        "member_id": lambda: str(rui.pk),
        "invitation_id": lambda: str(an_invitation(acme, rui).pk),
        "session_id": lambda: str(a_support_session(acme).pk),
        "unit_id": lambda: str(Unit.objects.exclude(parent=None).earliest("id").pk),
        "purpose": lambda: a_model(acme).purpose,
        "report_id": lambda: str(a_score_report(acme, rui).pk),
        "pipeline_id": lambda: str(records.a_stage(acme).pipeline_id),
        "stage_id": lambda: str(records.a_stage(acme).pk),
        "membership_id": lambda: str(a_membership(acme, rui).pk),
    }


def a_decision(organization: Organization, member: Member) -> Decision:
    """A decision about a deal that waits for somebody."""
    now = timezone.now()
    return ask_decision(
        organization=organization,
        type="stop",
        question="Go on with it?",
        opportunity=records.a_deal(organization, records.an_account(organization, owner=member), owner=member),
        decider=member,
        due_on=local_day(organization, now),
        asker=member,
        asked_at=now,
    )


def a_night(organization: Organization) -> Run:
    """A night that is over."""
    now = timezone.now()
    night: Run = Run.objects.create(
        organization=organization,
        kind=Run.Kind.NIGHT,
        key=now.isoformat(),
        status=Run.Status.DONE,
        scheduled_for=now.date(),
        as_of=now,
        created_at=now,
        started_at=now,
        finished_at=now,
    )
    return night


def a_scored_account(organization: Organization, owner: Member) -> Account:
    """An account with last night's score."""
    account, night = records.an_account(organization, owner=owner), a_night(organization)
    AccountScore.objects.create(
        organization=organization,
        account=account,
        run=night,
        score=71,
        probability=0.71,
        rank=1,
        band="act",
        value_minor=1_000_00,
        currency="EUR",
        model_version="rule card 1",
        as_of=night.as_of,
        scored_at=night.as_of,
    )
    a_next_action(organization, account, night)
    return account


def a_next_action(organization: Organization, account: Account, night: Run) -> NextAction:
    """What last night planned to do next with an account, in the week of its owner, and what the account is worth."""
    known = {"organization": organization, "run": night, "currency": "EUR", "as_of": night.as_of}
    AccountValue.objects.create(
        **known,
        account=account,
        is_margin=False,
        spend_minor=2_000_00,
        wallet_minor=8_000_00,
        wallet_basis="group",
        lifetime_value_minor=1_500_00,
        expected_purchases=2.5,
        active_chance=0.8,
        gain_minor=500_00,
        deals_minor=0,
        grow_minor=100_00,
        protect_minor=0,
        movable_minor=200_00,
        whitespace=[{"product_id": str(uuid4()), "name": "D4 drive", "share": 0.4, "yearly_minor": 900_00}],
    )
    plan = WeekPlan.objects.create(
        **known,
        member=account.owner,
        hours=16,
        committed=0,
        floors=0,
        ranked=0.5,
        explored=0,
        cut_minor=40_00,
        value_minor=80_00,
        lost_minor=0,
        accounts=1,
        is_margin=False,
    )
    planned: NextAction = NextAction.objects.create(
        **known,
        account=account,
        plan=plan,
        owner=account.owner,
        rank=1,
        own_rank=1,
        place="ranked",
        hours=0.5,
        value_minor=80_00,
        per_hour_minor=160_00,
        actions=[{"kind": "find", "hours": 0.5}],
    )
    return planned


def a_model(organization: Organization) -> TrainedModel:
    """The version of a model that counts."""
    live: TrainedModel | None = TrainedModel.objects.for_organization(organization).live().first()
    return live or models.three_versions(organization)[1]


def a_score_report(organization: Organization, owner: Member) -> ScoreReport:
    """A doubt about a score that waits for its answer."""
    score = AccountScore.objects.get(account=a_scored_account(organization, owner))
    return report_score(
        organization=organization,
        score=score,
        doubt="fact_missing",
        words="They told us of a new plant.",
        reported_by=owner,
        at=records.MORNING,
    )


def an_entry(organization: Organization, owner: Member) -> AuditEntry:
    """What the audit trail says of a new account."""
    account = records.an_account(organization, owner=owner)
    entry: AuditEntry = AuditEntry.objects.get(row_id=account.pk)
    return entry


def an_import(organization: Organization) -> Import:
    """An uploaded file of accounts."""
    return start_import(
        organization=organization,
        uploads=[Upload("accounts.csv", [b"Account Name,City\nGruber,Linz\n"])],
        source_name="erp",
        requested_by=None,
        now=timezone.now(),
    )


def a_membership(organization: Organization, member: Member) -> UnitMembership:
    """A place in a unit."""
    unit = Unit.objects.earliest("id")
    membership, _ = UnitMembership.objects.get_or_create(
        organization=organization, unit=unit, member=member, active_from=records.MORNING.date()
    )
    return membership


def a_bulk_change(organization: Organization, member: Member) -> BulkChange:
    """A change of many records that somebody asked for."""
    return queue_bulk_change(
        organization=organization,
        member=member,
        record_type="account",
        query="segment=key",
        change={"do": "segment", "value": "small"},
        words="A change of 800 records",
        page="/acme/accounts/",
        total=800,
        asked_at=timezone.now(),
    )


def a_view(organization: Organization, member: Member) -> SavedView:
    """A way of looking at the accounts that somebody kept for themselves."""
    return save_view(
        organization=organization,
        member=member,
        list_name="accounts",
        name=f"Key accounts {timezone.now():%H:%M:%S.%f}",  # a member has a name once
        query="segment=key",
        is_shared=False,
        saved_at=timezone.now(),
    )


def an_undo_step(organization: Organization, member: Member) -> UndoStep:
    """Something that a member did a moment ago."""
    return keep_undo_step(
        organization=organization, member=member, changes=[], words="Saved.", page="/acme/", made_at=timezone.now()
    )


def an_invitation(organization: Organization, member: Member) -> Invitation:
    """Somebody who was asked in and has not answered."""
    return invite(
        organization=organization,
        email=f"{uuid4().hex}@acme.example",
        role=Member.Role.MEMBER,
        units=[],
        invited_by=member,
        at=timezone.now(),
        link_to=lambda token: f"http://testserver/invite/{token}/",
    )


def a_support_session(organization: Organization) -> SupportSession:
    """An operator who was here."""
    operator = User.objects.create_user(f"{uuid4().hex}@agile-sales.example", is_operator=True)
    return open_support_session(
        organization=organization,
        operator=operator,
        reason="The import of May stops",
        minutes=30,
        at=records.MORNING,
        page=lambda: "http://testserver/acme/support/",
    )


def a_token(organization: Organization) -> ApiToken:
    """A token of an integrator."""
    token, _ = issue_token(organization=organization, name="ERP", scopes=["accounts:read"], issued_at=records.MORNING)
    return token
