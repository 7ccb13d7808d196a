"""What hours change: the response of an account's value to effort, steep at first and flat in the end."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SMALL_HOURS, MEDIUM_HOURS, KEY_HOURS = 4.0, 12.0, 40.0  # within 90 days, 63 % of the effect is reached


def response(hours: Floats | float, tau: Floats | float) -> Floats:
    """Return the share of the whole effect that so many hours reach: 1 − exp(−h/τ)."""
    return -np.expm1(-np.asarray(hours, dtype=np.float64) / tau)


def gain(stake: Floats | float, tau: Floats | float, *, spent: Floats | float, hours: Floats | float) -> Floats:
    """Return what the hours add to those spent or planned already: λW · (R(h0 + h) − R(h0))."""
    return stake * (response(np.asarray(spent) + hours, tau) - response(spent, tau))


@dataclass(frozen=True, slots=True)
class Responses:
    """How each account responds to hours; one row an account.

    ``stake`` is the part of the value that acting may change (λW of the ranking), in money. Where a squad has estimated
    an account itself, ``curve`` has its ADBUDG parameters (none, most, c, d) in the same money, and counts in place of
    stake and tau; NaN elsewhere.
    """

    stake: Floats
    tau: Floats
    spent: Floats  # hours spent or promised already within the horizon
    curve: Floats | None = None

    def gain(self, account: Integers, hours: Floats) -> Floats:
        """Return the money that these hours add at these accounts."""
        spent = self.spent[account]
        usual = gain(self.stake[account], self.tau[account], spent=spent, hours=hours)
        if self.curve is None:
            return usual
        none, most, c, d = np.moveaxis(self.curve[account], -1, 0)
        own = (most - none) * (_reached(spent + hours, c, d) - _reached(spent, c, d))
        return np.where(np.isnan(own), usual, own)


def _reached(hours: Floats, c: Floats, d: Floats) -> Floats:
    powered = hours**c
    return powered / (d + powered)
