"""CDNOW: everybody's first purchase fell in early 1997, and 39 weeks later the next 39 are foretold.

The customers that the literature uses, so that our models can be held against the published parameters.
"""

import datetime
from pathlib import Path

import numpy as np

from benchmarks.data_sets import Figure
from coe.lifetime_value.beta_geometric import fit_beta_geometric
from coe.lifetime_value.engine import learn
from coe.lifetime_value.histories import Floats, Histories, Orders, Patterns, histories
from coe.lifetime_value.pareto import fit_pareto
from coe.lifetime_value.spend import fit_gamma_gamma

CALIBRATED_TO, HELD_OUT_TO = datetime.date(1997, 9, 30), datetime.date(1998, 6, 30)
WEEKS = 39


def orders(data: Path, name: str = "sample") -> Orders:
    """Return the purchases of the 2,357 customers, or of all 23,570: … customer, day, number of CDs, dollars."""
    lines = (data / f"benchmarks/cdnow/CDNOW_{name}.txt").read_text().splitlines()
    rows = [line.split()[-4:] for line in lines if line.strip() and "customer" not in line]
    return Orders(
        customer=np.array([int(row[0]) for row in rows]),
        day=np.array([f"{row[1][:4]}-{row[1][4:6]}-{row[1][6:]}" for row in rows], dtype="datetime64[D]"),
        amount=np.array([float(row[3]) for row in rows]),
    )


def captured(score: Floats, worth: Floats, *, share: float = 0.1) -> float:
    """Return how much of all the worth is with the best-scored share."""
    best = np.argsort(-score, kind="stable")[: int(share * len(score))]
    return float(worth[best].sum() / worth.sum())


def measure(data: Path) -> list[Figure]:
    """Return the published parameters as we find them, and how well the chosen model foretells the holdout."""
    bought = orders(data)
    of, values = learn(bought, as_of=CALIBRATED_TO)
    later = histories(bought, as_of=HELD_OUT_TO)
    came = (later.frequency - of.frequency).astype(np.float64)
    spent = later.mean_all * (later.frequency + 1) - of.mean_all * (of.frequency + 1)
    expected = values.purchases(of, WEEKS)
    expected_spend = expected * values.spend.expected(of)
    patterns = of.patterns()
    easy = fit_beta_geometric(patterns, prior=0).expected(patterns, WEEKS)[patterns.place]
    return [
        *published(patterns, of),
        Figure("cdnow_mae", _error(expected, came), (None, 0.76), "Pareto/NBD .755, BG/NBD .786, naive .897"),
        Figure("cdnow_corr", _correlation(expected, came), (0.625, None), "Pareto/NBD .630, BG/NBD .626"),
        Figure("cdnow_spend_capture", captured(expected_spend, spent), (0.50, None), "BG/NBD x Gamma-Gamma .502"),
        Figure("cdnow_spend_mae", _error(expected_spend, spent), reference="BG/NBD x Gamma-Gamma 30.41, naive 43.31"),
        Figure("cdnow_bias", float(expected.sum() / came.sum() - 1), reference="both -.12, naive +.31"),
        Figure("cdnow_bg_mae", _error(easy, came), reference="BG/NBD .786"),
        *everybody(data),
    ]


def everybody(data: Path) -> list[Figure]:
    """Return how well all customers are foretold, ten times as many."""
    bought = orders(data, "master")
    of, values = learn(bought, as_of=CALIBRATED_TO)
    came = (histories(bought, as_of=HELD_OUT_TO).frequency - of.frequency).astype(np.float64)
    expected = values.purchases(of, WEEKS)
    return [
        Figure("cdnow_all_mae", _error(expected, came), reference="BG/NBD .819"),
        Figure("cdnow_all_corr", _correlation(expected, came), reference="BG/NBD .669"),
    ]


def published(patterns: Patterns, of: Histories) -> list[Figure]:
    """Return the parameters without any prior, each to within three digits of the published value."""
    easy, pareto = fit_beta_geometric(patterns, prior=0), fit_pareto(patterns, prior=0)
    spend = fit_gamma_gamma(of.frequency, of.mean_repeat, prior=0)
    found = {f"cdnow_bg_{name}": value for name, value in easy.parameters.items()}
    found |= {f"cdnow_pareto_{name}": value for name, value in pareto.parameters.items()}
    found |= {f"cdnow_gamma_{name}": value for name, value in spend.parameters.items()}
    found["cdnow_bg_log_likelihood"] = float(patterns.weight @ easy.log_likelihood(patterns))
    known = {
        "cdnow_bg_r": (0.243, 5e-4), "cdnow_bg_alpha": (4.414, 5e-4), "cdnow_bg_a": (0.793, 5e-4),
        "cdnow_bg_b": (2.426, 5e-4), "cdnow_bg_log_likelihood": (-9582.4, 5e-2),
        "cdnow_pareto_r": (0.5533, 5e-4), "cdnow_pareto_alpha": (10.5776, 5e-3), "cdnow_pareto_s": (0.6063, 5e-4),
        "cdnow_pareto_beta": (11.6703, 5e-3),
        "cdnow_gamma_p": (6.25, 5e-3), "cdnow_gamma_q": (3.744, 5e-4), "cdnow_gamma_v": (15.444, 5e-3),
    }  # fmt: skip
    return [
        Figure(name, found[name], (value - off, value + off), f"published {value:g}")
        for name, (value, off) in known.items()
    ]


def _error(expected: Floats, came: Floats) -> float:
    return float(np.abs(expected - came).mean())


def _correlation(expected: Floats, came: Floats) -> float:
    return float(np.corrcoef(expected, came)[0, 1])
