"""What is learnt of simulated companies, against the truth that was planted in them: who is really going to buy.

`python -m benchmarks.planted [accounts …]` in a prepared installation; companies of 50, 500 and 5,000 accounts unless
BENCH_PLANTED_ACCOUNTS names others: to simulate 50,000 takes most of a quarter of an hour.
The truth is each account's propensity, in a file beside the database that nothing else reads, so that what a
probability costs is known without the luck of who bought.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

import numpy as np  # noqa: E402

from benchmarks.gates import Gates, gate  # noqa: E402
from coe.allocation.plan import plan_week  # noqa: E402
from coe.allocation.response import Responses  # noqa: E402
from coe.allocation.week import Accounts, Actions, Rules  # noqa: E402
from coe.operations import learn_accounts  # noqa: E402
from coe.queries import account_features, market, method_in_force  # noqa: E402
from coe.scoring import measures  # noqa: E402
from coe.scoring.card import RuleCard  # noqa: E402
from coe.scoring.features import FeatureBlock, card_probabilities, joined, signal_points  # noqa: E402
from coe.scoring.table import Floats  # noqa: E402
from tenancy.models import Organization  # noqa: E402
from tenancy.scoping import organization_scope  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
SIZES = os.environ.get("BENCH_PLANTED_ACCOUNTS", "50 500 5000").split()
MOST_ROWS = 100_000  # a third of what a worker learns from, in a third of its minutes
FEW = 80  # good outcomes; below them the card is what is known beforehand
NO_WORSE, BETTER, CALIBRATED = 0.005, 0.0, 0.02
RECOVERED, MEGABYTES = 95.0, 1024.0
ACCOUNTS_OF_A_PERSON, HOURS, DRAWS = 50, 16.0, 400


def main() -> None:
    """Measure each size in a process of its own, and print the gates."""
    gates: Gates = {}
    for accounts in [int(word) for word in sys.argv[1:]] or SIZES:
        with tempfile.TemporaryDirectory() as folder:
            truth = Path(folder) / "truth.json"
            slug = f"planted-{accounts}"
            started = time.monotonic()
            words = ["simulate_company", "--slug", slug, "--accounts", str(accounts), "--seed", "41"]
            run("manage.py", *words, "--truth", str(truth))
            told = json.loads(run("-m", "benchmarks.planted", "one", slug, str(truth), str(time.monotonic() - started)))
            gates |= told
    json.dump(gates, sys.stdout)


def run(*words: str) -> str:
    """Run a program of this project and return what it prints."""
    done = subprocess.run([sys.executable, *words], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def one(slug: str, truth: dict[str, Any], simulated: float) -> Gates:
    """Learn from a company's past and return how that compares with its planted future."""
    organization = Organization.objects.get(slug=slug)
    cut = datetime.fromisoformat(truth["cut"])
    later = cut + timedelta(hours=2)
    started, cpu = time.monotonic(), time.process_time()
    with organization_scope(organization):
        outcome = learn_accounts(organization=organization, as_of=cut, trained_at=later, most_rows=MOST_ROWS)
        taken, used = time.monotonic() - started, time.process_time() - cpu
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        method = method_in_force(organization=organization, as_of=later)
        background = market(organization=organization, as_of=cut, horizon_days=truth["horizon_days"])
        blocks = list(account_features(organization=organization, as_of=cut, background=background))
    known = {entry["id"]: entry for entry in truth["accounts"]}
    points = np.concatenate([signal_points(block, RuleCard()) for block in blocks])
    by_card, _ = card_probabilities(points, rate=background.base_rate)
    learnt = by_card
    if method.scorer is not None:
        learnt = method.scorer.probabilities(joined([block.table for block in blocks]), points)
    ids = [str(account) for block in blocks for account in block.uuids()]
    propensity = np.array([known[account]["propensity"] for account in ids])
    bought = np.array([known[account]["bought"] for account in ids], dtype=np.float64)
    assert outcome.model is not None
    positives, told = outcome.model.positives, f"planted truth, {len(ids):,} accounts"
    behind = loss(propensity, learnt) - loss(propensity, by_card)
    error, most = calibration_error(bought, learnt)
    best = recovered(blocks, propensity, learnt)
    print(
        f"   {slug}: simulated in {simulated:.0f} s; learnt from {outcome.rows:,} rows, {positives:,} good, in"
        f" {taken:.0f} s ({used:.0f} s own CPU, {megabytes:.0f} MB): {outcome.model.state}, {outcome.model.method};"
        f" the card alone recovers {recovered(blocks, propensity, by_card):.1f} %; load {os.getloadavg()[0]:.1f}",
        file=sys.stderr,
    )
    return {
        f"{told}: log-loss more than the card's": gate(round(behind, 4), NO_WORSE if positives < FEW else BETTER, ""),
        f"{told}: calibration error beyond chance": gate(round(max(0.0, error - most), 4), CALIBRATED, ""),
        f"{told}: missed of the best value an hour": gate(round(100 - best, 2), 100 - RECOVERED, "%"),
        f"{told}: memory to learn": gate(round(megabytes), MEGABYTES, "MB"),
    }


def loss(propensity: Floats, probability: Floats) -> float:
    """Return the log-loss that these probabilities cost on average."""
    p = np.clip(probability, 0.005, 0.995)
    return float(np.mean(-propensity * np.log(p) - (1 - propensity) * np.log1p(-p)))


def calibration_error(came: Floats, said: Floats) -> tuple[float, float]:
    """Return the distance of said and come by tenths, and the largest that chance shows (97.5 %) if all said is so."""
    random = np.random.default_rng(5)
    by_chance = [measures.ece((random.random(len(said)) < said).astype(float), said) for _ in range(DRAWS)]
    return measures.ece(came, said), float(np.quantile(by_chance, 0.975))


def recovered(blocks: list[FeatureBlock], propensity: Floats, chance: Floats) -> float:
    """Return how much of the best plan's value a plan by these chances has, in per cent; the money is known to both."""
    money = np.concatenate([block.money.year_minor for block in blocks])
    count = len(propensity)
    stake = np.maximum(money, np.median(money[money > 0]) / 2 if (money > 0).any() else 1.0)
    tau = np.random.default_rng(6).choice([4.0, 12.0, 40.0], count)
    nothing, teams = np.zeros(count), max(1, count // ACCOUNTS_OF_A_PERSON)
    rows = np.repeat(np.arange(count), 3)
    actions = Actions(
        account=rows,
        kind=np.tile(np.arange(3), count),
        contact=np.full(len(rows), -1),
        hours=np.tile([0.5, 1.0, 2.0], count),
        effect=np.ones(len(rows)),
        block=np.zeros(len(rows), dtype=np.int64),
        free_in=np.full(len(rows), -1),
    )

    def gained(by: Floats) -> float:
        accounts = Accounts(
            key=np.arange(count).astype(np.uint64), team=np.arange(count) % teams,
            responses=Responses(by * stake, tau, nothing), floor=nothing, committed=nothing, spread=nothing,
            untouched=np.zeros(count, dtype=np.int64),
        )  # fmt: skip
        plan = plan_week(accounts, actions, hours=np.full(teams, HOURS), seed="w", rules=Rules(exploration=0.0))
        spent = np.append(actions.hours, 0.0)
        reached = Responses(propensity * stake, tau, nothing)
        return float(reached.gain(np.arange(count), spent[plan.first] + spent[plan.second]).sum())

    return 100 * gained(chance) / gained(propensity)


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        json.dump(one(sys.argv[2], json.loads(Path(sys.argv[3]).read_text()), float(sys.argv[4])), sys.stdout)
    else:
        main()
