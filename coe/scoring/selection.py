"""Which model an organisation gets: the simplest that its own outcomes can justify, and never worse than the base rate.

``choose_model`` climbs the ladder of our domain notes (4.5), tries every rung on rows that it hasn't learnt from,
takes the simplest within one standard error of the best by log-loss, and says so in words, with everything that was
left out and why. That nothing can be told from the columns is a result, too: ``no_reliable_signal``.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from coe.scoring.calibration import Curve, Evidence, clamped, gather_evidence
from coe.scoring.folds import Split, split
from coe.scoring.leaks import LeftOut, leaks, with_leaks_of_names, without_content
from coe.scoring.learners import LAMBDAS, BaseRate, Boosting, Card, Correction, Learner, Logistic, Model, Outcomes
from coe.scoring.table import Floats, Rows, Table
from coe.scoring.trials import ONE_ERROR, SURE, Figures, Trial, figures, is_sure, simplest_good, trials_of

FEWEST_TO_CORRECT = 10  # of the rarer outcome
FEWEST_TO_DOUBT_CARD = 80  # in our simulations a correction was never worse than a good card from here on
FEWEST_TO_TUNE = 100
FEWEST_TO_BOOST, ROWS_TO_BOOST = 400, 2_000
MOST_ROWS = 300_000
SEED = 4


class State(StrEnum):
    """What a score rests on."""

    TOO_FEW = "too_few_outcomes"  # no card, and too few outcomes to learn from: the base rate
    RULES = "rules"
    CORRECTED = "rules_corrected"
    LEARNED = "learned"
    NO_SIGNAL = "no_reliable_signal"


SENTENCES = {
    State.TOO_FEW: "Not enough outcomes yet ({fewer} of 10): everybody gets the base rate of {rate:.1%}.",
    State.RULES: "Rules; not enough outcomes yet ({fewer} of 10).",
    State.CORRECTED: "Rules corrected by {rows} outcomes, {positives} of them {good}.",
    State.LEARNED: "Learned from {rows} outcomes, {positives} of them {good} ({method}).",
    State.NO_SIGNAL: (
        "No reliable signal: in {rows} outcomes nothing that is known beforehand tells the {good} ones from the others"
        " beyond chance. Everybody gets the base rate of {rate:.1%}."
    ),
}
RULES_HOLD = "Rules: {rows} outcomes, {positives} of them {good}, show nothing beyond chance that would correct them."


def method_words(code: str) -> str:
    """Return what people call a candidate."""
    kinds = {"card_correction": "a correction to the rule card", "logistic": "logistic regression"}
    named = {"base_rate": "the base rate", "rule_card": "the rule card", "boosting": "boosted trees"}
    return named.get(code) or kinds.get(code.rpartition("_")[0], code.replace("_", " "))


@dataclass(frozen=True, slots=True)
class Scorer:
    """What makes probabilities of rows: a model, its calibration, and the evidence behind an interval."""

    model: Model
    curve: Curve = field(default_factory=Curve)
    shift: float = 0.0  # puts right the log-odds of a sample that has more positives than life
    evidence: Evidence = field(default_factory=Evidence)
    territories: Mapping[str, float] = field(default_factory=dict)  # log-odds by which their level is put right

    def log_odds(self, table: Table, points: Floats | None = None) -> Floats:
        """Return the calibrated log-odds of each row."""
        found = self.curve.log_odds(self.model.log_odds(table, points)) + self.shift
        region = table.columns.get("region") if self.territories else None
        if region is None:
            return found
        return found + np.asarray([*(self.territories.get(word, 0.0) for word in region.words), 0.0])[region.codes]

    def probabilities(self, table: Table, points: Floats | None = None) -> Floats:
        """Return the probability of each row, between 1 and 99 per cent."""
        return clamped(np.asarray(expit(self.log_odds(table, points)), dtype=float))

    def interval(self, probability: float) -> tuple[float, float]:
        """Return the 95 % interval around a probability of this scorer."""
        return self.evidence.interval(probability)


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen model with everything a person may ask about it."""

    state: State
    scorer: Scorer
    code: str  # of the chosen candidate
    candidates: tuple[Figures, ...]  # simple to complex; none where nothing could be tried
    left_out: tuple[LeftOut, ...]
    not_tried: tuple[str, ...]  # rungs that were too high, with what they need
    rows: int
    positives: int
    rate: float  # the base rate, drawn to 5 % while there are too few outcomes
    window: tuple[float, float] | None  # the first and last day of what was learnt from
    split: str  # how the trials were made: "time", "groups", "identical rows", "rows", or "" without trials
    columns: tuple[str, ...]  # what it may look at
    trial: Trial | None = None  # the out-of-fold predictions of the chosen one
    trials: tuple[Trial, ...] = ()  # of all candidates, on the same rows; the first is the base rate
    good: str = "good"  # what its positive outcomes are called
    learnt: Rows = field(default_factory=lambda: np.empty(0, dtype=np.intp))  # the caller's rows behind those of trials

    @property
    def sentence(self) -> str:
        """What the user is told, in English; other languages translate the state."""
        fewer = min(self.positives, self.rows - self.positives)
        hold = self.state is State.RULES and fewer >= FEWEST_TO_CORRECT
        return (RULES_HOLD if hold else SENTENCES[self.state]).format(
            fewer=fewer,
            rate=self.rate,
            rows=self.rows,
            positives=self.positives,
            method=method_words(self.code),
            good=self.good,
        )


def rungs(*, fewer: int, rows: int, has_card: bool) -> tuple[list[Learner], list[str]]:
    """Return the learners that this many of the rarer outcome allow, simple first, and what the others need."""
    allowed: list[Learner] = [BaseRate()] + ([Card()] if has_card else [])
    if fewer < FEWEST_TO_CORRECT:
        return allowed, [f"learning needs {FEWEST_TO_CORRECT} of the rarer outcome, there are {fewer}"]
    grid = [strength for strength in sorted(LAMBDAS, reverse=True) if fewer >= FEWEST_TO_TUNE or strength >= 30]
    allowed += [Correction(strength) if has_card else Logistic(strength) for strength in grid]
    if has_card and fewer >= FEWEST_TO_TUNE:
        allowed += [Logistic(strength) for strength in grid]
    if fewer >= FEWEST_TO_BOOST and rows >= ROWS_TO_BOOST:
        return [*allowed, Boosting()], []
    needs = (
        f"boosting needs {FEWEST_TO_BOOST} of the rarer outcome and {ROWS_TO_BOOST} rows, there are {fewer} and {rows}"
    )
    return allowed, [needs]


def choose_model(
    table: Table,
    outcome: Sequence[float | bool | None] | NDArray[np.generic],
    *,
    points: Floats | None = None,
    known_at_closing: Collection[str] = (),
    allow_personal: bool = False,
    embargo: float = 0,
    shift: float = 0.0,
    good: str = "good",
) -> Choice:
    """Return the model that these outcomes justify.

    ``outcome`` is 1 or 0 a row; a row without one (None, NaN) isn't learnt from. ``points`` are the rule card's
    log-odds points of each row, if there is a card. ``known_at_closing`` names columns that must not be used.
    ``embargo`` is the days between knowing a row's columns and knowing its outcome for certain (the horizon and a
    few days for late bookings): only what was settled by then is learnt from in a trial by time. ``shift`` is what
    the caller's sampling by outcome adds to the log-odds (ln of the sampling rates), so that the probabilities are
    those of life, not of the sample.

    ``good`` is what positive outcomes are called in sentences.

    ``allow_personal`` lets personal columns in. The product never does; published reference figures did.
    """
    y = np.asarray([math.nan if value is None else float(value) for value in outcome], dtype=float)
    known = np.flatnonzero(~np.isnan(y))
    left_out = without_content(table, known_at_closing=known_at_closing, allow_personal=allow_personal)
    everything, table = table, table.without({one.column for one in left_out})
    positive = (y > 0).astype(float)
    rows, positives = len(known), int(positive[known].sum())
    few = min(positives, rows - positives) < FEWEST_TO_CORRECT
    outcomes = Outcomes(table, positive, points, shrunken=few).take(known)
    rate = outcomes.rate
    outcomes, drawn, own_shift = _sampled(outcomes)
    learners, not_tried = rungs(fewer=min(positives, rows - positives), rows=rows, has_card=points is not None)
    folds: Split | None = None
    if len(learners) > 2 - (points is None):
        folds = split(outcomes.table, outcomes.positive, embargo=embargo)
        leaky = leaks(outcomes.table, outcomes.positive, folds)
        left_out = with_leaks_of_names(left_out, everything.take(known[drawn]), outcomes.positive, folds)
        left_out += leaky
        table = outcomes.table.without({one.column for one in leaky})
        outcomes = replace(outcomes, table=table)
    if folds is None or len(folds.folds) < 2 or not table.columns:
        if folds is not None:
            not_tried.append("no columns are left to learn from" if folds.folds else "the dates leave nothing to try")
        learners = learners[: 1 + (points is not None)]
        folds = None
    trials = trials_of(learners, outcomes, folds) if folds else []
    state, chosen = _judged(trials, learners, few=min(positives, rows - positives) < FEWEST_TO_DOUBT_CARD, folds=folds)
    learner = chosen.learner if chosen else learners[-1]
    return Choice(
        state=state,
        scorer=_fitted(learner, outcomes, chosen, shift + own_shift),
        code=learner.code,
        candidates=tuple(figures(trial, trials[0]) for trial in trials),
        left_out=tuple(left_out),
        not_tried=tuple(not_tried),
        rows=rows,
        positives=positives,
        rate=_shifted_rate(rate, shift),
        window=_window(outcomes.table),
        split=folds.how if folds else "",
        columns=tuple(outcomes.table.columns),
        trial=chosen,
        trials=tuple(trials),
        good=good,
        learnt=known[drawn],
    )


def _judged(
    trials: list[Trial], learners: list[Learner], *, few: bool, folds: Split | None
) -> tuple[State, Trial | None]:
    """Return the state and the trial of the chosen candidate.

    Whoever claims something has to prove it. Below eighty good outcomes the rule card is what is known beforehand: it
    yields only to what beats it beyond chance, be that a correction or the base rate. From then on, and without a
    card, the base rate is what stands, and every other candidate has to beat it beyond chance.
    """
    has_card = len(learners) > 1 and isinstance(learners[1], Card)
    if not trials or folds is None:
        return (State.RULES if has_card else State.TOO_FEW), None
    base, rest = trials[0], trials[1:]
    best = simplest_good(rest, errors=SURE if has_card and few else ONE_ERROR)
    if has_card and few:
        behind, error = base.gain_over(best)
        refuted = behind > SURE * error
    else:
        refuted = not is_sure(best, base, how=folds.how)
    if refuted:
        return State.NO_SIGNAL, base
    if isinstance(best.learner, Card):
        return State.RULES, best
    return (State.CORRECTED if isinstance(best.learner, Correction) else State.LEARNED), best


def _fitted(learner: Learner, outcomes: Outcomes, trial: Trial | None, shift: float) -> Scorer:
    model = learner.fit(outcomes)
    if trial is None:
        return Scorer(model, shift=shift)
    evidence = gather_evidence(trial.y, np.asarray(expit(np.log(trial.p / (1 - trial.p)) + shift), dtype=float))
    return Scorer(model, trial.curve_ahead(), shift, evidence)


def _shifted_rate(rate: float, shift: float) -> float:
    return float(expit(math.log(rate) - math.log1p(-rate) + shift)) if shift else rate


def _sampled(outcomes: Outcomes) -> tuple[Outcomes, Rows, float]:
    """Return at most 300,000 rows, half of each outcome where enough; which; and what that adds to the log-odds.

    Sampling by outcome changes only the intercept, by ln of the sampling rates (Prentice & Pyke 1979).
    """
    rows = len(outcomes.positive)
    if rows <= MOST_ROWS:
        return outcomes, np.arange(rows), 0.0
    random = np.random.default_rng(SEED)
    kinds = [np.flatnonzero(outcomes.positive == value) for value in (0, 1)]
    smaller = min(len(kind) for kind in kinds)
    most = max(MOST_ROWS // 2, MOST_ROWS - smaller)
    kept = [kind if len(kind) <= most else np.sort(random.choice(kind, most, replace=False)) for kind in kinds]
    negatives, positives = (len(part) / max(len(kind), 1) for part, kind in zip(kept, kinds, strict=True))
    shift = math.log(negatives / positives) if negatives and positives else 0.0
    drawn = np.sort(np.concatenate(kept))
    return outcomes.take(drawn), drawn, shift


def _window(table: Table) -> tuple[float, float] | None:
    if table.known_at is None or not table.rows:
        return None
    return float(table.known_at.min()), float(table.known_at.max())
