"""What a customer could realistically spend: the 80th percentile of what customers like it do, not what one dreams of.

The definition of IBM's MAP (Lawrence and others 2010, Interfaces 40(1)): a high percentile of the spend given what is
known of the customer.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coe.lifetime_value.histories import Floats, Integers
from coe.lifetime_value.notes import Note

QUANTILE = 0.8
LEAST_CUSTOMERS = 500  # for boosting; below, groups
GROUP_WEIGHT = 20  # customers; the percentile of a smaller group leans on that of all
LEARN_FROM = 100_000  # customers, evenly spread over all
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Potential:
    """Twelve months' money, one row a customer."""

    wallet: Floats
    share: Floats  # of the wallet that we have; NaN where it is 0
    headroom: Floats
    notes: tuple[Note, ...]


def potential(
    spend: Floats,
    *,
    group: Integers,
    features: Floats | None = None,
    most: float | None = None,
    corrected: Floats | None = None,
) -> Potential:
    """Return realistic wallets, shares of wallet and headroom.

    :param spend: of the last twelve months; below 0 (more sent back than bought) counts as 0.
    :param group: segment and size in one small number.
    :param features: what is known of the firms, a column each, NaN for what isn't; nothing that follows from spend.
    :param most: what no wallet exceeds, unless the customer spends more already.
    :param corrected: wallets that account teams have set, NaN for others.
    """
    known = np.isfinite(spend)
    current = np.where(known, np.maximum(spend, 0.0), 0.0)
    notes: list[Note] = []
    if not known.all():
        notes.append(Note("SPEND_UNKNOWN", {"count": int((~known).sum())}))
    wallet = None
    if features is not None and features.shape[1] and known.sum() >= LEAST_CUSTOMERS:
        wallet = _boosted(current, known, features)
        if wallet is None:
            notes.append(Note("WALLET_FIT_FAILED"))
    else:
        facts = {"customers": int(known.sum()), "needed_customers": LEAST_CUSTOMERS}
        notes.append(Note("WALLET_BY_GROUP", facts))
    if wallet is None:
        wallet = _by_group(current, known, group)
    if most is not None:
        wallet = np.minimum(wallet, most)
    if corrected is not None:
        wallet = np.where(np.isfinite(corrected), corrected, wallet)
    wallet = np.maximum(wallet, current)
    share = np.divide(current, wallet, out=np.full(len(wallet), np.nan), where=wallet > 0)
    return Potential(wallet, share, wallet - current, tuple(notes))


def _by_group(current: Floats, known: NDArray[np.bool_], group: Integers) -> Floats:
    """Return the percentile of each customer's group, drawn towards that of all."""
    if not known.any():
        return np.zeros(len(current))
    overall = float(np.quantile(current[known], QUANTILE))
    order = np.lexsort((current, group))
    order = order[known[order]]
    names, begin, count = np.unique(group[order], return_index=True, return_counts=True)
    # The percentile within each stretch of the sorted amounts, as numpy interpolates it.
    place = begin + QUANTILE * (count - 1)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, begin + count - 1)
    own = current[order[low]] + (place - low) * (current[order[high]] - current[order[low]])
    shrunken = (count * own + GROUP_WEIGHT * overall) / (count + GROUP_WEIGHT)
    at = np.minimum(np.searchsorted(names, group), len(names) - 1)
    return np.where(names[at] == group, shrunken[at], overall)


def _boosted(current: Floats, known: NDArray[np.bool_], features: Floats) -> Floats | None:
    """Return the percentile of customers with such features, or None if it can't be learnt.

    A customer's own spend must not tell what it could spend, so each fifth is foretold from the other four. All are
    then moved by what makes the share below it right, which quantile boosting gets wrong where customers are few.
    """
    # Imported when used: it takes longer than all that this module does for a small organisation.
    from sklearn.ensemble import HistGradientBoostingRegressor

    clean = np.where(np.isfinite(features), features, np.nan)
    logs = np.log1p(current)
    found = np.zeros(len(current))
    fold = np.arange(len(current)) % FOLDS
    try:
        for number in range(FOLDS):
            learn = np.flatnonzero(known & (fold != number))
            learn = learn[:: -(-len(learn) // LEARN_FROM)]
            model = HistGradientBoostingRegressor(
                loss="quantile",
                quantile=QUANTILE,
                max_iter=100,
                learning_rate=0.06,
                max_leaf_nodes=15,
                min_samples_leaf=20,
                random_state=0,
            ).fit(clean[learn], logs[learn])
            found[fold == number] = model.predict(clean[fold == number])
    except ValueError:
        return None
    found += np.quantile((logs - found)[known], QUANTILE)
    return np.maximum(np.expm1(found), 0.0)
