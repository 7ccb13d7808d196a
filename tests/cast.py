"""The fixed cast: eight people of Acme Drives, and Sam of Globex, the stranger."""

from dataclasses import dataclass
from datetime import date

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from tenancy.models import Member, Organization, Unit, UnitMembership, User
from tenancy.scoping import organization_scope

PASSWORD = "correct-horse-battery"
# One round: signing in by form is tested here, the cost of hashing is Django's.
_HASH = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1)


@dataclass(frozen=True)
class Cast:
    """Who is who."""

    acme: Organization
    globex: Organization
    lena: Member  # leader
    sil: Member  # squad lead
    rui: Member  # member of the same squad
    mia: Member  # member of another squad
    cora: Member  # coach
    eva: Member  # expert
    ana: Member  # analyst
    ada: Member  # administrator
    abe: Member  # auditor
    sam: Member  # leader of Globex: must see nothing of Acme

    def acme_people(self) -> list[Member]:
        """Everybody of Acme, one or more of each role."""
        return [self.lena, self.sil, self.rui, self.mia, self.cora, self.eva, self.ana, self.ada, self.abe]


def create_cast() -> Cast:
    """Create the two organisations with their people and units."""
    acme = Organization.objects.create(slug="acme", name="Acme Drives", currency="EUR", time_zone="Europe/Berlin")
    globex = Organization.objects.create(slug="globex", name="Globex", currency="USD", time_zone="America/Chicago")
    role = Member.Role
    with organization_scope(acme):
        people = {
            name: _join(acme, name, full_name, role_)
            for name, full_name, role_ in [
                ("lena", "Lena Vogt", role.LEADER),
                ("sil", "Sil Marten", role.SQUAD_LEAD),
                ("rui", "Rui Prado", role.MEMBER),
                ("mia", "Mia Kranz", role.MEMBER),
                ("cora", "Cora Bell", role.COACH),
                ("eva", "Eva Lind", role.EXPERT),
                ("ana", "Ana Ortiz", role.ANALYST),
                ("ada", "Ada Winter", role.ADMIN),
                ("abe", "Abe Stern", role.AUDITOR),
            ]
        }
        start = date(2024, 1, 1)
        company = _unit(acme, None, Unit.Kind.COMPANY, "Acme Drives", "acme")
        north = _unit(acme, company, Unit.Kind.TRIBE, "North", "north")
        mobility = _unit(acme, north, Unit.Kind.SQUAD, "Mobility", "mobility")
        marine = _unit(acme, company, Unit.Kind.SQUAD, "Marine", "marine")
        for unit, member in [(mobility, people["sil"]), (mobility, people["rui"]), (marine, people["mia"])]:
            UnitMembership.objects.create(organization=acme, unit=unit, member=member, active_from=start)
    with organization_scope(globex):
        sam = _join(globex, "sam", "Sam Carter", role.LEADER)
    return Cast(acme=acme, globex=globex, sam=sam, **people)


def _join(organization: Organization, name: str, full_name: str, role: Member.Role) -> Member:
    email = f"{name}@{organization.slug}.example"
    user = User.objects.create(email=email, name=full_name, password=_HASH)
    return Member.objects.create(
        organization=organization, user=user, name=full_name, email=email, role=role, external_id=name
    )


def _unit(organization: Organization, parent: Unit | None, kind: Unit.Kind, name: str, code: str) -> Unit:
    unit: Unit = Unit.objects.create(
        organization=organization, parent=parent, kind=kind, name=name, code=code, active_from=date(2024, 1, 1)
    )
    return unit
