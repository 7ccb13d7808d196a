"""Looking after the model in use: has it held, do its inputs still look as they did, whom is it too sure about."""

import datetime
from collections.abc import Mapping
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
MOST_ACCOUNTS = 50_000
PIECE = 5_000
ALWAYS_DRIFT = frozenset(("known_days", "purchases", "products_owned"))  # they only ever grow


def watch_model(
    *, organization: Organization, as_of: datetime.datetime, measured_at: datetime.datetime, run: Run | None = None
) -> ModelQuality | None:
    """Look at the model in use once a week and keep what was seen; None if it isn't time, or none is in use.

    Inside a transaction only.
    """
    live = champion(organization=organization, purpose=Purpose.ACCOUNT_PURCHASE, as_of=as_of)
    if live.model is None:
        return None
    looks = ModelQuality.objects.for_organization(organization).filter(model=live.model)
    if looks.filter(as_of__gt=as_of - EVERY).exists():
        return None
    said = said_and_come(organization=organization, as_of=as_of, horizon_days=live.model.horizon_days)
    background = market(organization=organization, as_of=as_of, horizon_days=live.model.horizon_days)
    blocks = list(_sample(organization, background))
    drift = _drift(live.model, [block.table for block in blocks])
    score_drift = _score_drift(live.model, live.scorer, live.card, blocks)
    held = _held(said) if said is not None else {}
    alarms = _alarms(drift, score_drift, held)
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
        is_drifting=is_drifting(drift, score_drift),
        alarms=alarms,
        note="" if said is not None else "No score is old enough to know what came of it; see the training's figures.",
    )


def is_drifting(drift: Mapping[str, float], score_drift: float | None) -> bool:
    """Whether the score, or three inputs that don't grow by nature, look otherwise than in training (4.8)."""
    from coe.scoring.drift import LOOK

    moved = [name for name, psi in drift.items() if psi > LOOK and name not in ALWAYS_DRIFT]
    return len(moved) >= FEWEST_DRIFTING or (score_drift is not None and score_drift > LOOK)


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

    inputs = {name: shape for name, shape in model.inputs.items() if name != SCORE}
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


def _alarms(drift: Mapping[str, float], score_drift: float | None, held: Mapping[str, Any]) -> list[str]:
    from coe.scoring.drift import ALARM, LOOK

    found = [
        f"{words_of(name)}: looks otherwise than when the model was trained (drift {psi:.2f})."
        for name, psi in drift.items()
        if psi > ALARM and name not in ALWAYS_DRIFT
    ]
    if score_drift is not None and score_drift > LOOK:
        found.append(f"The scores are spread otherwise than in training (drift {score_drift:.2f}).")
    altogether = held.get("figures", {}).get("observed_over_expected", {})
    if altogether.get("high") is not None and not altogether["low"] <= 1 <= altogether["high"]:
        found.append(f"Altogether {altogether['value']:.2f} times as many bought as was said.")
    for title, segments in held.get("by", {}).items():
        found += [
            f"Too sure about the {title} {one['name']}: it said {one['said']:.0%}, {one['came']:.0%} came."
            for one in segments
            if one["held"] == "too_sure"
        ]
    return found
