"""Accounts and their people as the product knows them: names, places, sizes, owners."""

from datetime import timedelta

import numpy as np

from simulation.firm_names import LEGAL_FORMS, FirmNames
from simulation.geography import COUNTRIES, UNITS_PER_EURO, Country
from simulation.market import SEGMENTS, Floats, Ints, Market
from simulation.people_names import PeopleNames, plain_letters
from simulation.profile import CompanyProfile
from simulation.rows import AccountRow, ContactRow
from simulation.staff import Staff
from simulation.workdays import Workdays

CONTACTS_PER_SEGMENT = (11, 6, 4, 2.3)
SHARE_OF_PLANTS = 0.07  # accounts that belong to a group
SHARE_OF_LEAVER = 0.03  # small accounts still owned by somebody who has left

_TITLES = {
    "decides": ("Head of purchasing", "Managing director", "Plant manager", "Technical director", "Chief engineer"),
    "uses": ("Maintenance lead", "Design engineer", "Production engineer", "Electrical engineer", "Shift manager"),
    "approves": ("Finance director", "Controller", "Strategic buyer", "Operations director"),
    "influences": ("Project manager", "Quality manager", "Automation engineer", "Buyer", "Energy manager"),
}
_ROLE_ORDER = ("decides", "uses", "influences", "approves", "influences", "uses")


def minor_factor(currency: str) -> int:
    """Return how many minor units make one unit of the currency."""
    return 1 if currency == "JPY" else 100


def exchange(profile: CompanyProfile, currency: str) -> float:
    """Return roughly how many units of `currency` one unit of the company's own is."""
    return UNITS_PER_EURO[currency] / UNITS_PER_EURO[profile.currency]


def draw_places(profile: CompanyProfile, accounts: int, rng: np.random.Generator) -> tuple[Ints, list[Country]]:
    """Return each account's region and country: the currency by the company's mix, then a country that pays in it."""
    currencies = list(profile.currency_mix)
    shares = np.array(list(profile.currency_mix.values()), dtype=np.float64)
    drawn = rng.choice(len(currencies), accounts, p=shares / shares.sum())
    paying: list[list[tuple[int, Country, float]]] = []
    for currency in currencies:
        found = [
            (place, COUNTRIES[code], (0.5**rank) * (0.4 if place else 1.0))  # the home market first
            for place, region in enumerate(profile.regions)
            for rank, code in enumerate(region.countries)
            if COUNTRIES[code].currency == currency
        ]
        paying.append(found)
    regions = np.zeros(accounts, dtype=np.int64)
    countries: list[Country] = []
    share = rng.random(accounts)
    for i in range(accounts):
        found = paying[drawn[i]]
        edges = np.cumsum([weight for _, _, weight in found])
        place, country, _ = found[int(np.searchsorted(edges, share[i] * edges[-1], side="right"))]
        regions[i] = place
        countries.append(country)
    return regions, countries


def draw_accounts(
    profile: CompanyProfile,
    market: Market,
    countries: list[Country],
    staff: Staff,
    workdays: Workdays,
    rng: np.random.Generator,
    *,
    batch: int = 0,
    batches: int = 1,
) -> list[AccountRow]:
    """Return the accounts; lifecycle and customer_since follow from the orders later.

    Batches never give out the same company name, and each goes on where the one before left the turns of the owners.
    """
    names = FirmNames(rng, batch=batch)
    owners = _owners(market, staff, rng, begin=batch / batches)
    fit_grades = _fit_grades(market.fit + 0.6 * rng.standard_normal(market.count))
    own_size = np.exp(rng.normal(np.log(60), 0.8, market.count))  # their revenue, in potentials
    known_for = rng.uniform(0.3, 6, market.count)  # years before the first order, or before now
    city_draw, join_draw = rng.random(market.count), rng.random(market.count)
    groups: dict[tuple[str, int], list[tuple[int, str]]] = {}
    accounts: list[AccountRow] = []
    for i in range(market.count):
        country = countries[i]
        industry = profile.industries[market.industry[i]]
        city = country.cities[int(city_draw[i] * len(country.cities))]
        group = groups.setdefault((country.language, int(market.industry[i])), [])
        parent, plant = None, None
        if group and join_draw[i] < SHARE_OF_PLANTS and SEGMENTS[market.segment[i]] != "key":
            parent, group_name = group[rng.integers(len(group))]
            plant = names.plant(group_name, city, country.code)
        if plant is None:
            parent = None
            name, short = names.firm(country.language, country.code, industry)
            if SEGMENTS[market.segment[i]] in ("key", "large"):
                group.append((i, _without_legal_form(name, country.code)))
        else:
            name, short = plant
        rate = exchange(profile, country.currency)
        revenue = market.potential[i] * own_size[i]
        age = market.years_a_customer[i] + known_for[i] * 0.25 if market.years_a_customer[i] else known_for[i]
        accounts.append(
            AccountRow(
                name=name,
                short=short,
                parent=parent,
                segment=SEGMENTS[market.segment[i]],
                industry=industry,
                region=int(market.region[i]),
                country=country.code,
                city=city,
                employees=max(4, round(revenue / 190_000)),
                annual_revenue_minor=_round_two(revenue * rate) * minor_factor(country.currency),
                potential_minor=_round_two(market.potential[i] * rate) * minor_factor(country.currency),
                currency=country.currency,
                owner=owners[i],
                icp_fit=fit_grades[i],
                created_on=workdays.end_date - timedelta(days=int(age * 365)),
            )
        )
    return accounts


def draw_contacts(market: Market, accounts: list[AccountRow], rng: np.random.Generator) -> list[ContactRow]:
    """Return the people at the accounts, grouped by account; the first of each account decides."""
    names = PeopleNames(rng)
    counts = np.clip(rng.poisson(np.array(CONTACTS_PER_SEGMENT)[market.segment]), 1, 24)
    contacts: list[ContactRow] = []
    for i, account in enumerate(accounts):
        country = COUNTRIES[account.country]
        taken: set[str] = set()
        for place, (first, family) in enumerate(names.of(country.language, int(counts[i]))):
            local_part = f"{plain_letters(first)}.{plain_letters(family)}"
            if local_part in taken:
                continue
            taken.add(local_part)
            role = _ROLE_ORDER[place] if place < len(_ROLE_ORDER) else ""
            titles = _TITLES[role or "influences"]
            draw = rng.random(3)
            phone = country.fictional_phone.format(int(draw[0] * 100)) if country.fictional_phone else ""
            contacts.append(
                ContactRow(
                    account=i,
                    name=f"{first} {family}",
                    email=f"{local_part}@{account.short}.example",
                    phone=phone,
                    title=titles[int(draw[1] * len(titles))],
                    role=role,
                    opted_out=bool(draw[2] < 0.03),
                )
            )
    return contacts


def _owners(market: Market, staff: Staff, rng: np.random.Generator, *, begin: float) -> list[int]:
    """Return who owns each account; turns begin at a share of each group.

    Key accounts belong to squads by industry, large and medium ones to the region, small ones to inside sales.
    """
    turns: dict[str, int] = {}

    def next_of(group: list[int], name: str) -> int:
        turn = turns.get(name, int(begin * len(group)))
        turns[name] = turn + 1
        return group[turn % len(group)]

    left = rng.random(market.count) < SHARE_OF_LEAVER / 0.7
    owners = []
    for i in range(market.count):
        segment = SEGMENTS[market.segment[i]]
        if segment == "key":
            squad = int(market.industry[i]) % len(staff.account_managers)
            owners.append(next_of(staff.account_managers[squad], f"squad {squad}"))
        elif segment in ("large", "medium"):
            region = int(market.region[i])
            owners.append(next_of(staff.field_sellers[region], f"region {region}"))
        elif left[i]:
            owners.append(next_of(staff.leavers, "leavers"))
        else:
            owners.append(next_of(staff.inside_sellers, "inside"))
    return owners


def _fit_grades(measured: Floats) -> list[str]:
    """Return the grades as the company keeps them: the best quarter A, the worst quarter C, a tenth not graded."""
    low, high = np.quantile(measured, [0.25, 0.75])
    grades = ["a" if value > high else "c" if value < low else "b" for value in measured]
    return ["" if i % 10 == 7 else grade for i, grade in enumerate(grades)]


def _without_legal_form(name: str, country: str) -> str:
    for form in sorted(LEGAL_FORMS[country], key=len, reverse=True):
        name = name.removesuffix(f" {form}")
    return name


def _round_two(value: float) -> int:
    """Return the value with two significant figures, as people estimate."""
    if value < 10:
        return round(value)
    power = 10 ** (int(np.floor(np.log10(value))) - 1)
    return int(round(value / power) * power)
