"""Answers of customers: two surveys a year; where deliveries are late, many would not recommend us."""

from datetime import date, timedelta

import numpy as np

from simulation.market import SEGMENTS, Market
from simulation.phrases import COMPLAINTS, LATE_COMPLAINTS, NEUTRAL, PRAISE
from simulation.profile import CompanyProfile
from simulation.rows import AccountRow, ContactRow, SatisfactionRow
from simulation.workdays import Workdays

ANSWERS = {"key": 0.65, "large": 0.5, "medium": 0.4, "small": 0.33}  # of the accounts, per survey
PEOPLE_WHO_ANSWER = {"key": 3.0, "large": 1.8, "medium": 1.3, "small": 1.1}
PROMOTERS, DETRACTORS = 0.53, 0.13
LATE_PROMOTERS, LATE_DETRACTORS = 0.33, 0.33
MUCH_TOO_LATE = 0.2  # of a region's orders
SHARE_WITH_COMMENT = 0.35


def draw_satisfaction(
    *,
    profile: CompanyProfile,
    market: Market,
    accounts: list[AccountRow],
    contacts: list[ContactRow],
    workdays: Workdays,
    weeks: int,
    rng: np.random.Generator,
) -> list[SatisfactionRow]:
    """Return the answers of the last `weeks` weeks in order of time."""
    people: list[list[int]] = [[] for _ in accounts]
    for place, contact in enumerate(contacts):
        if not contact.opted_out:
            people[contact.account].append(place)
    rows: list[SatisfactionRow] = []
    for sent_on in _surveys(workdays, weeks):
        name = f"Relationship {'spring' if sent_on.month < 7 else 'autumn'} {sent_on.year}"
        sent = workdays.number(sent_on)
        for i, account in enumerate(accounts):
            if account.customer_since is None or account.customer_since > sent_on or not people[i]:
                continue
            if account.lifecycle == "former" or rng.random() > ANSWERS[account.segment]:
                continue
            wanted = 1 + int(rng.poisson(PEOPLE_WHO_ANSWER[account.segment] - 1))
            for contact in rng.permutation(people[i])[:wanted]:
                day = sent + 1 + float(rng.exponential(5))
                if workdays.workday(day) >= 0:
                    continue
                score = _score(profile, market, i, rng)
                rows.append(
                    SatisfactionRow(
                        account=i,
                        contact=int(contact),
                        score=score,
                        comment=_comment(profile, account, score, rng),
                        responded_at=workdays.moment(day, float(rng.random())),
                        survey=name,
                    )
                )
    rows.sort(key=lambda row: (row.responded_at, row.account, row.contact))
    return rows


def _surveys(workdays: Workdays, weeks: int) -> list[date]:
    start = workdays.end_date - timedelta(weeks=weeks)
    days = [date(year, month, 12) for year in range(start.year, workdays.end_date.year + 1) for month in (4, 10)]
    return [day for day in days if start <= day <= workdays.end_date]


def _score(profile: CompanyProfile, market: Market, account: int, rng: np.random.Generator) -> int:
    late = profile.regions[int(market.region[account])].share_late > MUCH_TOO_LATE
    promoters, detractors = (LATE_PROMOTERS, LATE_DETRACTORS) if late else (PROMOTERS, DETRACTORS)
    promoters += 0.03 * float(market.fit[account]) + (0.05 if SEGMENTS[market.segment[account]] == "key" else 0.0)
    draw = rng.random()
    if draw < promoters:
        return int(rng.integers(9, 11))
    if draw > 1 - detractors:
        return int(rng.choice([0, 1, 2, 3, 4, 5, 6], p=[0.03, 0.03, 0.07, 0.12, 0.18, 0.25, 0.32]))
    return int(rng.integers(7, 9))


def _comment(profile: CompanyProfile, account: AccountRow, score: int, rng: np.random.Generator) -> str:
    if rng.random() > SHARE_WITH_COMMENT:
        return ""
    words: tuple[str, ...]
    if score >= 9:
        words = PRAISE
    elif score >= 7:
        words = NEUTRAL
    elif profile.regions[account.region].share_late > MUCH_TOO_LATE and rng.random() < 0.75:
        words = LATE_COMPLAINTS
    else:
        words = COMPLAINTS
    return words[int(rng.integers(len(words)))]
