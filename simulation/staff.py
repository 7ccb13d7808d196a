"""The people who sell: the tree of units, and who sits where. Sizes follow from the number of accounts."""

from dataclasses import dataclass, field

import numpy as np

from simulation.people_names import PeopleNames, plain_letters
from simulation.profile import CompanyProfile
from simulation.rows import MemberRow, UnitRow

EXPERT_TITLES = ("Application engineer", "Pricing and contracts", "Quality engineer", "Service planner")


@dataclass
class Staff:
    """Units, members, and who may own accounts of which kind."""

    units: list[UnitRow] = field(default_factory=list)
    members: list[MemberRow] = field(default_factory=list)
    account_managers: list[list[int]] = field(default_factory=list)  # per squad
    specialists: list[list[int]] = field(default_factory=list)  # per squad
    field_sellers: list[list[int]] = field(default_factory=list)  # per region
    inside_sellers: list[int] = field(default_factory=list)
    leavers: list[int] = field(default_factory=list)  # gone, but still owning accounts

    def add_unit(self, code: str, name: str, kind: str, parent: int | None) -> int:
        """Add a unit and return its place."""
        self.units.append(UnitRow(code, name, kind, parent))
        return len(self.units) - 1


@dataclass
class _Seat:
    """A place that a person is drawn for."""

    title: str
    role: str
    units: tuple[int, ...]
    group: list[int] | None = None
    is_active: bool = True


def draw_staff(profile: CompanyProfile, *, accounts: int, domain: str, rng: np.random.Generator) -> Staff:
    """Return the company's units and members."""
    staff = Staff()
    company = staff.add_unit("company", profile.name, "company", None)
    for business_unit in dict.fromkeys(family.business_unit for family in profile.families):
        staff.add_unit(f"bu-{plain_letters(business_unit)}", business_unit, "business_unit", company)
    seats: list[_Seat] = []
    squads = _seat_squads(staff, profile, accounts, company, seats)
    _seat_regions(staff, profile, accounts, company, seats)
    _seat_inside(staff, accounts, company, seats)
    places = _seat_support(staff, profile, company, seats)
    places |= {"company": company} | {f"squad:{i}": squad for i, squad in enumerate(squads)}
    _fill(staff, profile, seats, places, domain, rng)
    return staff


def _seat_squads(staff: Staff, profile: CompanyProfile, accounts: int, company: int, seats: list[_Seat]) -> list[int]:
    tribe = staff.add_unit("key-accounts", "Key accounts", "tribe", company)
    managers = max(2, round(accounts * 0.03 / len(profile.squads) / 5))  # five key customers for each
    squads = []
    for number, (name, _) in enumerate(profile.squads):
        squad = staff.add_unit(f"squad-{plain_letters(name)}", f"{name} squad", "squad", tribe)
        squads.append(squad)
        staff.account_managers.append([])
        staff.specialists.append([])
        seats.append(_Seat("Squad lead and account manager", "squad_lead", (squad,), staff.account_managers[number]))
        seats += [
            _Seat("Account manager", "member", (squad,), staff.account_managers[number]) for _ in range(managers - 1)
        ]
        seats += [_Seat(title, "expert", (squad,), staff.specialists[number]) for title in EXPERT_TITLES]
    return squads


def _seat_regions(staff: Staff, profile: CompanyProfile, accounts: int, company: int, seats: list[_Seat]) -> None:
    sellers = max(2, round(accounts * 0.27 / 34 / len(profile.regions)))  # about 34 large and medium accounts for each
    for region in profile.regions:
        code = plain_letters(region.name)
        unit = staff.add_unit(f"region-{code}", f"Region {region.name}", "region", company)
        team = staff.add_unit(f"field-{code}", f"Field sales {region.name}", "squad", unit)
        group: list[int] = []
        staff.field_sellers.append(group)
        seats.append(_Seat("Regional sales manager", "squad_lead", (team,), group))
        seats += [_Seat("Sales engineer", "member", (team,), group) for _ in range(sellers - 1)]


def _seat_inside(staff: Staff, accounts: int, company: int, seats: list[_Seat]) -> None:
    tribe = staff.add_unit("inside-sales", "Inside sales", "tribe", company)
    each = max(2, round(accounts * 0.7 / 80 / 2))  # about 80 small accounts for each
    for name in ("North", "South"):
        team = staff.add_unit(f"inside-{name.lower()}", f"Inside sales {name}", "squad", tribe)
        seats.append(_Seat("Inside sales lead", "squad_lead", (team,), staff.inside_sellers))
        seats += [_Seat("Inside sales", "member", (team,), staff.inside_sellers) for _ in range(each - 1)]
    seats.append(_Seat("Inside sales", "member", (), staff.leavers, is_active=False))


def _seat_support(staff: Staff, profile: CompanyProfile, company: int, seats: list[_Seat]) -> dict[str, int]:
    excellence = staff.add_unit("excellence", "Centre of sales excellence", "tribe", company)
    experts = staff.add_unit("experts", "Industry experts", "tribe", company)
    seats += [_Seat("Sales leader", "leader", (company,)), _Seat("Sales operations", "admin", (company,))]
    seats += [_Seat("Commercial analyst", "analyst", (excellence,)) for _ in range(2)]
    seats += [_Seat("Sales coach", "coach", (excellence,)) for _ in range(2)]
    seats += [_Seat(f"{industry} expert", "expert", (experts,)) for industry in profile.industries]
    seats.append(_Seat("Internal auditor", "auditor", (company,)))
    return {"tribe:excellence": excellence, "tribe:experts": experts}


def _fill(
    staff: Staff,
    profile: CompanyProfile,
    seats: list[_Seat],
    places: dict[str, int],
    domain: str,
    rng: np.random.Generator,
) -> None:
    """Give each seat a person: the demo's own people first, where role and place fit, the others drawn."""
    waiting = {(persona.role, places[persona.place]): persona for persona in profile.personas}
    cultures = [str(c) for c in rng.choice(["de", "de", "nl", "nordic", "en", "fr", "it", "es", "pl"], len(seats))]
    if profile.currency == "USD":
        cultures = ["en" if i % 4 else culture for i, culture in enumerate(cultures)]
    names = PeopleNames(rng).distinct(cultures, {persona.name for persona in profile.personas})
    addresses: set[str] = set()
    for seat, (first, family) in zip(seats, names, strict=True):
        persona = waiting.pop((seat.role, seat.units[0]), None) if seat.units else None
        name, title = f"{first} {family}", seat.title
        local_part = f"{plain_letters(first)}.{plain_letters(family)}"
        if persona is not None:
            name, title, local_part = persona.name, persona.title, persona.key
        if local_part in addresses:  # two different spellings, one plain form
            local_part = f"{local_part}{len(staff.members)}"
        addresses.add(local_part)
        if seat.group is not None:
            seat.group.append(len(staff.members))
        staff.members.append(
            MemberRow(
                name=name,
                email=f"{local_part}@{domain}",
                title=title,
                role=seat.role,
                units=seat.units,
                is_active=seat.is_active,
                persona=persona.key if persona is not None else "",
            )
        )
    assert not waiting, f"no seat for {sorted(persona.key for persona in waiting.values())}"
