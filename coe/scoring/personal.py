"""Columns about the person rather than the business: a score never learns from them and never gives them as a reason.

Age, sex, origin, religion, health, family, works-council and union roles, names and photos (domain notes 4.13; Art. 9
GDPR and the AI Act's Annex III are near). Recognised by the column's name, in English and German. A word that also has
a plain business meaning ("account age", "health score", "lead origin") counts only where it stands for a person.
"""

import re
from functools import cache

ALWAYS = frozenset(
    """
    birth birthday birthdate birthplace citizenship denomination dependents disability disabled divorced ethnic
    ethnicity firstname gender handicap husband lastname marital maritalstatus maternity nationality parental photo
    political pregnancy pregnant race religion religious senior_citizen seniorcitizen sex sexual sickness spouse surname
    wife
    behinderung betriebsrat ethnie familienstand geburt geburtsdatum geburtstag geschlecht gewerkschaft herkunft
    konfession krankheit nachname religionszugehörigkeit schwanger staatsangehörigkeit vorname
    """.split()
)
PHRASES = (
    "first name",
    "last name",
    "family name",
    "family status",
    "health status",
    "sick leave",
    "country of origin",
    "place of birth",
    "date of birth",
    "senior citizen",
    "works council",
    "trade union",
    "union member",
    "number of children",
    "medical condition",
)
OF_A_PERSON = frozenset(("age", "origin", "health", "children", "alter", "gesundheit", "kinder", "name", "dob"))
PERSONS = frozenset(
    """
    person people contact buyer seller customer client owner employee user member agent rep salesperson decision maker
    kontakt käufer verkäufer kunde kunden mitarbeiter ansprechpartner inhaber
    """.split()
)


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a column's name: ``contactAge``, ``contact_age`` and ``Contact age`` are the same two."""
    apart = re.sub(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])", " ", name)
    return tuple(re.findall(r"[a-zäöüß]+", apart.casefold()))


@cache
def is_personal(name: str) -> bool:
    """Tell whether a column of this name is about a person's private side."""
    words = words_of(name.removeprefix("custom."))
    joined = f" {' '.join(words)} "
    if any(word in ALWAYS for word in words) or "".join(words) in ALWAYS:
        return True
    if any(f" {phrase} " in joined for phrase in PHRASES):
        return True
    private = [word for word in words if word in OF_A_PERSON]
    others = [word for word in words if word not in OF_A_PERSON]
    # The bare word, or the word with nothing but a person beside it.
    return bool(private) and words != ("name",) and all(word in PERSONS for word in others)
