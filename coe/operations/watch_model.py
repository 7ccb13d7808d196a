"""Looking after the model in use: has it held, do its inputs still look as they did, whom is it too sure about."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from coe.models import ModelQuality, Purpose, TrainedModel
from coe.queries import Market, account_features, account_ranges, market
from coe.queries.champions import champion
from coe.queries.outcomes import SaidAndCome, said_and_come
from coe.scoring.card import RuleCard
from coe.scoring.features import FeatureBlock, joined, signal_points, words_of
from tenancy.models import Organization, Run

if TYPE_CHECKING:
    from coe.scoring.table import Table

EVERY = datetime.timedelta(days=7)
FEWEST_DRIFTING = 3
MOST_NAMED = 5
MOST_ACCOUNTS = 50_000
PIECE = 5_000
MONTH = datetime.timedelta(days=28)
ALWAYS_DRIFT = frozenset(("known_days", "purchases", "products_owned", "nps_days", "days_since_lost_to_competitor"))
"""They only ever grow, or grow older by themselves from one survey, one lost deal to the next."""


def watch_model(
    *, organization: Organization, as_of: datetime.datetime, measured_at: datetime.datetime, run: Run | None = None
) -> ModelQuality | None:
    """Look at the model in use once a week and keep what was seen; None if it isn't time, or none is in use.

    Inside a transaction only.
    """
    live = champion(organization=organization, purpose=Purpose.ACCOUNT_PURCHASE, as_of=as_of)
    if live.model is None:
        return None
    looks = ModelQuality.objects.for_organization(organization)
    if looks.filter(model=live.model, as_of__gt=as_of - EVERY).exists():
        return None
    said = said_and_come(organization=organization, as_of=as_of, horizon_days=live.model.horizon_days)
    background = market(organization=organization, as_of=as_of, horizon_days=live.model.horizon_days)
    blocks = list(_sample(organization, background))
    drift = _drift(live.model, [block.table for block in blocks])
    score_drift = _score_drift(live.model, live.scorer, live.card, blocks)
    held = _held(said) if said is not None else {}
    month_ago = None if said is None else _month_before(looks, said.said_at)
    off_twice = _off_twice(held.get("figures", {}), month_ago.figures if month_ago else {})
    alarms = _alarms(drift, score_drift, held, off_twice)
    return ModelQuality.objects.create(
        organization=organization,
        model=live.model,
        run=run,
        as_of=as_of,
        measured_at=measured_at,
        said_at=None if said is None else said.said_at,
        said_by="" if said is None else ", ".join(said.versions),
        rows=0 if said is None else len(said.came),
        positives=0 if said is None else int(said.came.sum()),
        figures=held.get("figures", {}),
        by=held.get("by", {}),
        drift=drift,
        score_drift=score_drift,
        is_drifting=bool(off_twice) or is_drifting(drift, score_drift),
        alarms=alarms,
        note="" if said is not None else "No score is old enough to know what came of it; see the training's figures.",
    )


def is_drifting(drift: Mapping[str, float], score_drift: float | None) -> bool:
    """Whether the score, or three inputs that don't grow by nature, look otherwise than in training (4.8)."""
    from coe.scoring.drift import LOOK

    return len(_moved(drift)) >= FEWEST_DRIFTING or (score_drift is not None and score_drift > LOOK)


def _moved(drift: Mapping[str, float]) -> list[str]:
    from coe.scoring.drift import LOOK

    return [name for name, psi in drift.items() if psi > LOOK]


def _month_before(looks: Any, said_at: datetime.datetime) -> ModelQuality | None:
    """Return the newest look at scores that were said a month before these, or earlier: most of what came is new."""
    earlier = looks.filter(model__purpose=Purpose.ACCOUNT_PURCHASE, said_at__lte=said_at - MONTH)
    found: ModelQuality | None = earlier.order_by("-said_at", "-as_of").first()
    return found


def _off_twice(now: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    """Return in words that in both periods what came left the Poisson band around what was said, on the same side."""
    ratios = [(one.get("observed_over_expected") or {}) for one in (before, now)]
    if any(one.get("high") is None for one in ratios):
        return ""
    fewer, more = all(one["high"] < 1 for one in ratios), all(one["low"] > 1 for one in ratios)
    if not fewer and not more:
        return ""
    first, last = (f"{one['value']:.2f}" for one in ratios)
    return (
        f"Twice, a month apart, {'fewer' if fewer else 'more'} bought than was said: {first} and {last} times as many."
    )


def _sample(organization: Organization, background: Market) -> list[FeatureBlock]:
    """Return the features of at most 50,000 accounts, in pieces from all over the list."""
    ranges = account_ranges(organization=organization, size=PIECE)
    step = max(1, -(-len(ranges) * PIECE // MOST_ACCOUNTS))
    return list(
        account_features(
            organization=organization, as_of=background.as_of, background=background, ranges=ranges[::step]
        )
    )


def _drift(model: TrainedModel, tables: "list[Table]") -> dict[str, float]:
    from coe.scoring.drift import SCORE, drifts

    inputs = {name: shape for name, shape in model.inputs.items() if name != SCORE and name not in ALWAYS_DRIFT}
    found = drifts(inputs, joined(tables)) if tables else {}
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def _score_drift(model: TrainedModel, scorer: Any, card: RuleCard | None, blocks: list[FeatureBlock]) -> float | None:
    import numpy as np

    from coe.scoring.drift import SCORE, drifts, score_table

    if scorer is None or SCORE not in model.inputs or not blocks:
        return None
    said = [scorer.probabilities(block.table, None if card is None else signal_points(block, card)) for block in blocks]
    return drifts({SCORE: model.inputs[SCORE]}, score_table(np.concatenate(said)))[SCORE]


def _held(said: SaidAndCome) -> dict[str, Any]:
    import numpy as np

    from coe.scoring.quality import DRAWS, calibration_bins, finite, probability_figures, ranking_figures
    from coe.scoring.quality import segments_as_json as by_name

    base = np.full(len(said.came), max(1e-6, min(1 - 1e-6, float(said.came.mean()))))
    figures = probability_figures(said.came, said.said, base, said.groups, DRAWS)
    figures |= ranking_figures(said.came, said.said, None, said.groups, DRAWS)
    names = {"segment": said.segments, "territory": said.territories}
    found: dict[str, Any] = finite(
        {
            "figures": {name: asdict(one) for name, one in figures.items()}
            | {"bins": calibration_bins(said.came, said.said)},
            "by": {title: by_name(own, said.came, said.said, said.groups, DRAWS) for title, own in names.items()},
        }
    )
    return found


def _alarms(
    drift: Mapping[str, float], score_drift: float | None, held: Mapping[str, Any], off_twice: str
) -> list[str]:
    """Return what a person should look at, the outcomes first: an input that looks otherwise is no harm by itself."""
    from coe.scoring.drift import LOOK

    moved = _moved(drift)
    found = [off_twice] if off_twice else []
    for title, segments in held.get("by", {}).items():
        found += [
            f"Too sure about the {title} {one['name']}: it said {one['said']:.0%}, {one['came']:.0%} came."
            for one in segments
            if one["held"] == "too_sure"
        ]
    if score_drift is not None and score_drift > LOOK:
        by = f": {_named(moved)} have moved most" if moved else ""
        found.append(f"The scores are spread otherwise than in training (drift {score_drift:.2f}){by}.")
    if len(moved) >= FEWEST_DRIFTING:
        found.append(f"{len(moved)} inputs look otherwise than when the model was trained: {_named(moved)}.")
    return found


def _named(moved: Sequence[str]) -> str:
    return ", ".join(words_of(name) for name in moved[:MOST_NAMED])
