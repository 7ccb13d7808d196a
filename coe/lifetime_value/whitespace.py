"""Which products an account does not have and those like it do."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coe.lifetime_value.histories import Floats, Integers

WEIGHT = 10  # accounts; a rate from fewer leans on the wider one

Owned = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Adoption:
    """How common products are, and how often they go together."""

    segments: Integers
    rate: Floats  # segment × product
    together: Floats  # segment × product × product: accounts that have both

    def chances(self, owned: Owned, segment: Integers) -> Floats:
        """Return for each account and product how many of those like it have the product; NaN where it has it itself.

        Those like it are of its segment and have what it has: for each of its products the accounts that have that one,
        counted on average over its products, without itself. It is a share of accounts, not yet a chance within a time.
        """
        found = np.full(owned.shape, np.nan)
        at = np.searchsorted(self.segments, segment)
        known = np.isin(segment, self.segments)
        for number in range(len(self.segments)):
            rows = np.flatnonzero(known & (at == number))
            if len(rows):
                found[rows] = self._of_segment(owned[rows].astype(np.float64), number)
        overall = self.rate[-1]
        found[~known] = overall
        return np.where(owned, np.nan, found)

    def _of_segment(self, basket: Floats, number: int) -> Floats:
        products = basket.sum(axis=1, keepdims=True)
        share = np.divide(basket, products, out=np.zeros_like(basket), where=products > 0)
        adopters = share @ self.together[number]
        alike = share @ np.diagonal(self.together[number])[:, None] - (products > 0)
        return (adopters + WEIGHT * self.rate[number]) / (np.maximum(alike, 0.0) + WEIGHT)


def learn_adoption(owned: Owned, segment: Integers) -> Adoption:
    """Return how common products are in each segment: (adopters + 10 · overall) / (accounts + 10).

    The last row of the rates is that of all accounts, for segments not seen.
    """
    basket = owned.astype(np.float64)
    overall = basket.mean(axis=0) if len(basket) else np.zeros(owned.shape[1])
    names = np.unique(segment)
    rates, together = [], []
    for name in names:
        some = basket[segment == name]
        rates.append((some.sum(axis=0) + WEIGHT * overall) / (len(some) + WEIGHT))
        together.append(some.T @ some)
    products = owned.shape[1]
    return Adoption(
        names,
        np.stack([*rates, overall]),
        np.stack(together) if together else np.zeros((0, products, products)),
    )
