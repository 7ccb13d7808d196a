"""The nouns that would make sense in a product without sales."""

from tenancy.models.audit import AuditEntry, AuditSeal
from tenancy.models.calendar import Holiday
from tenancy.models.event import DomainEvent
from tenancy.models.exchange_rate import ExchangeRate
from tenancy.models.invitation import Invitation
from tenancy.models.mail import OutgoingMail
from tenancy.models.member import Member
from tenancy.models.organization import Organization
from tenancy.models.outbox import Outbox
from tenancy.models.run import Run, RunStep
from tenancy.models.search import SearchEntry, SearchWord
from tenancy.models.sign_in import SignInRecord
from tenancy.models.support import SupportSession
from tenancy.models.token import ApiToken
from tenancy.models.unit import Unit, UnitMembership
from tenancy.models.user import User

__all__ = [
    "ApiToken",
    "AuditEntry",
    "AuditSeal",
    "DomainEvent",
    "ExchangeRate",
    "Holiday",
    "Invitation",
    "Member",
    "Organization",
    "Outbox",
    "OutgoingMail",
    "Run",
    "RunStep",
    "SearchEntry",
    "SearchWord",
    "SignInRecord",
    "SupportSession",
    "Unit",
    "UnitMembership",
    "User",
]
