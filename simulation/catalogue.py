"""The products of a company, and which of them an industry buys."""

from dataclasses import dataclass

import numpy as np

from simulation.market import Floats
from simulation.people_names import plain_letters
from simulation.profile import CompanyProfile
from simulation.rows import ProductRow


@dataclass(frozen=True)
class Catalogue:
    """Products with their list prices, and each industry's taste."""

    products: list[ProductRow]
    prices: Floats  # list prices in the company's currency
    taste: Floats  # industries × products, rows sum to 1
    cost_share: Floats  # of the list price


def draw_catalogue(profile: CompanyProfile, rng: np.random.Generator) -> Catalogue:
    """Return the catalogue; names and prices come from the profile, only tastes and costs are drawn."""
    products = [
        ProductRow(
            code=f"{family.code}-{place + 1}0{plain_letters(kind)[0].upper()}",
            name=family.item.format(kind),
            family=family.name,
            business_unit=family.business_unit,
            list_price_minor=round(price * 100),
        )
        for family in profile.families
        for place, (kind, price) in enumerate(family.types)
    ]
    families = {family.name: place for place, family in enumerate(profile.families)}
    of_family = np.array([families[product.family] for product in products])
    family_taste = rng.gamma(0.9, size=(len(profile.industries), len(families)))
    type_taste = rng.gamma(2.0, size=len(products))
    taste = family_taste[:, of_family] * type_taste[None, :]
    base_cost = {unit: 0.44 + 0.07 * i for i, unit in enumerate(dict.fromkeys(p.business_unit for p in products))}
    return Catalogue(
        products=products,
        prices=np.array([product.list_price_minor / 100 for product in products]),
        taste=taste / taste.sum(axis=1, keepdims=True),
        cost_share=np.array([base_cost[product.business_unit] for product in products])
        * rng.uniform(0.92, 1.08, len(products)),
    )
