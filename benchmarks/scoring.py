"""The night's scoring end to end, against the floors that a specialist could reach, measured in the same run.

The floors are what cannot be left out: copying the features out of the database (the same statement, in a session that
no policy holds), predicting them in one thread, and writing the rows that changed. Ours does all of that, and looks at
the market, ranks, explains the first of each list, keeps the history and publishes at once; as at home, a second worker
takes pieces of it. The plain way asks and writes account by account; what it says of a sample has to be the same to the
bit.

    python -m benchmarks.scoring                in a prepared installation, BENCH_SCORED_ACCOUNTS (100,000) accounts
    python -m benchmarks.scoring night KEY DAYS one night in a process of its own, as of so many days ago
    python -m benchmarks.scoring pieces KEY DAYS   what a worker beside it takes of that night
"""

import hashlib
import json
import math
import os
import resource
import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import django

django.setup()

import numpy as np  # noqa: E402
import psycopg2  # noqa: E402
import psycopg2.extras  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.gates import Gates, gate  # noqa: E402
from benchmarks.scored_company import SLUG  # noqa: E402
from coe.models import Purpose, TrainedModel  # noqa: E402
from coe.operations import promote_model, score_accounts, score_ahead, train_model  # noqa: E402
from coe.queries import Market, account_ranges, features, features_of, features_sql, market, method_in_force  # noqa: E402
from coe.queries.features import account_features  # noqa: E402
from coe.scoring.chunks import scored_rows  # noqa: E402
from coe.scoring.features import signal_points, uuids  # noqa: E402
from pipeline.models import AccountScore, ScorePublication  # noqa: E402
from tenancy.binary_rows import binary_rows  # noqa: E402
from tenancy.models import Member, Organization, Run  # noqa: E402
from tenancy.scoping import organization_scope  # noqa: E402

ACCOUNTS = int(os.environ.get("BENCH_SCORED_ACCOUNTS", "100000"))
TIMES_THE_FLOORS, TIMES_THE_PLAIN_WAY, MEGABYTES = 2.0, 50.0, 1024
SAMPLE, LEARNT_FROM, KILLS = 200, 3_000, 5
EPOCH = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)


def main() -> None:
    """Measure and print the gates."""
    organization = Organization.objects.get(slug=SLUG)
    learn(organization)
    first = night("first", 2)
    say(f"the first night, which writes everything: {first['seconds']:.1f} s")
    floors, found = floors_of(organization, days=1)
    say(f"floors, s: { {name: round(value, 1) for name, value in floors.items()} }")
    second = night("second", 1)
    plain = plain_way(organization, found, days=1)
    say(f"ours, s: {second['seconds']:.1f} wall, {second['cpu']:.1f} own CPU; {second['written']:,} rows written")
    told = f"{second['scored']:,} accounts"
    gates: Gates = {
        f"scoring {told} end to end, against the sum of the floors": gate(
            round(second["seconds"] / sum(floors.values()), 2), TIMES_THE_FLOORS, "times"
        ),
        f"scoring {told}: memory of a process": gate(second["megabytes"], MEGABYTES, "MB"),
        f"scoring {told}: share of the time of the plain way": gate(
            round(second["seconds"] / (plain * second["scored"]), 5), round(1 / TIMES_THE_PLAIN_WAY, 5), "times"
        ),
    }
    checksum, kills = killed_night()
    say(f"killed {kills} times: {checksum[:12]}, never killed: {second['checksum'][:12]}")
    gates[f"scoring killed {kills} times ends the same (0: yes)"] = gate(
        0 if checksum == second["checksum"] and kills == KILLS else 1, 0, ""
    )
    json.dump(gates, sys.stdout)


def say(words: str) -> None:
    """Write what stands beside the gates."""
    print(f"   {words}; load {os.getloadavg()[0]:.1f}", file=sys.stderr)


def learn(organization: Organization) -> None:
    """Have a learnt model count: of a sample, and of an outcome that hangs on what is known of them."""
    from coe.scoring.examples import Examples

    with organization_scope(organization):
        if TrainedModel.objects.filter(purpose=Purpose.ACCOUNT_PURCHASE, status="champion").exists():
            return
        method = method_in_force(organization=organization, as_of=timezone.now())
        ids = [first for first, _ in account_ranges(organization=organization, size=max(1, ACCOUNTS // LEARNT_FROM))]
        background = market(organization=organization, as_of=EPOCH, horizon_days=90)
        block = features_of(organization=organization, account_ids=ids, background=background)
        chance = np.random.default_rng(3)
        z = np.nan_to_num(block.numbers("engagement")) - np.nan_to_num(block.numbers("days_since_reaction")) / 90
        bought = chance.random(len(block)) < 1 / (1 + np.exp(1.5 - z - 0.4 * np.nan_to_num(block.numbers("purchases"))))
        training = train_model(
            organization=organization,
            purpose=Purpose.ACCOUNT_PURCHASE,
            examples=Examples(
                block.table, bought.astype(float), 90, points=signal_points(block, method.card), card=method.card
            ),
            trained_at=timezone.now(),
        )
        member = Member.objects.filter(role="admin").first() or Member.objects.first()
        assert member is not None
        promote_model(organization=organization, model=training.model, promoted_by=member, promoted_at=timezone.now())
        say(f"scores by {training.model.method} of {len(block):,} rows")


def run_of(organization: Organization, key: str, days: int) -> Run:
    """Return the night of that name."""
    with organization_scope(organization):
        run, _ = Run.objects.get_or_create(
            organization=organization,
            kind=Run.Kind.NIGHT,
            key=key,
            defaults={
                "scheduled_for": EPOCH.date(),
                "as_of": EPOCH - timedelta(days=days),
                "created_at": timezone.now(),
            },
        )
    return run


def carry_out(key: str, days: int, *, whole: bool) -> None:
    """Score a night here, or what is left of its pieces, and print what it took."""
    organization = Organization.objects.get(slug=SLUG)
    run = run_of(organization, key, days)
    began, cpu = time.monotonic(), time.process_time()
    given: Any = {"organization": organization, "run": run, "as_of": EPOCH - timedelta(days=days)}
    score_ahead(**given, scored_at=timezone.now())
    ahead = time.monotonic() - began
    facts: dict[str, Any] = {"ahead": ahead}
    if whole:
        with organization_scope(organization):
            outcome = score_accounts(**given, scored_at=timezone.now())
        facts |= {"scored": outcome.scored, "written": outcome.written, "checksum": outcome.checksum}
    facts |= {
        "seconds": time.monotonic() - began,
        "cpu": time.process_time() - cpu,
        "megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    json.dump(facts, sys.stdout)


def started(part: str, key: str, days: int, **environment: str) -> "subprocess.Popen[str]":
    """Begin a night, or a worker beside it, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.scoring", part, key, str(days)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def night(key: str, days: int) -> dict[str, Any]:
    """Score a night with a worker beside it, and return what it took; the memory is that of the larger process."""
    processes = [started(part, key, days) for part in ("night", "pieces")]
    facts, beside = (json.loads(process.communicate()[0] or "{}") for process in processes)
    assert not any(process.returncode for process in processes), f"the night {key} failed"
    facts["megabytes"] = max(facts["megabytes"], beside["megabytes"])
    say(f"{key}: {facts['seconds']:.1f} s, of them {facts['ahead']:.1f} s in pieces, {facts['megabytes']} MB")
    return facts


def killed_night() -> tuple[str, int]:
    """Score the second night again in smaller pieces, killed at five points; return its checksum and the kills."""
    kills = 0
    pieces = {"SCORING_CHUNK": str(max(1, ACCOUNTS // 12))}
    organization = Organization.objects.get(slug=SLUG)
    while kills < KILLS:
        process = started("night", "killed", 1, **pieces)
        target = done_pieces() + 2
        while process.poll() is None and done_pieces() < target:
            time.sleep(0.05)
        if process.poll() is not None:
            break
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        kills += 1
    last = started("night", "killed", 1, **pieces)
    last.communicate()
    with organization_scope(organization):
        return ScorePublication.objects.get().checksum, kills


def done_pieces() -> int:
    """Return how many pieces are done."""
    with psycopg2.connect(os.environ["DATABASE_SYSTEM_URL"]) as session, session.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM coe_scoringchunk WHERE done_at IS NOT NULL")
        (count,) = cursor.fetchone() or (0,)
    session.close()
    return int(count)


def floors_of(organization: Organization, days: int) -> tuple[dict[str, float], Any]:
    """Return the seconds of what cannot be left out, and what was found."""
    with organization_scope(organization):
        background = market(organization=organization, as_of=EPOCH - timedelta(days=days), horizon_days=90)
        method = method_in_force(organization=organization, as_of=timezone.now())
        ranges = account_ranges(organization=organization, size=settings.SCORING_CHUNK)
        given = features._given(organization, background)
        assert method.scorer is not None
        predict, parts = 0.0, []
        for block in account_features(
            organization=organization, as_of=background.as_of, background=background, ranges=ranges
        ):
            points = signal_points(block, method.card)
            started = time.monotonic()
            method.scorer.log_odds(block.table, points)
            predict += time.monotonic() - started
            parts.append(scored_rows(block, method.card, method.scorer))
            words = {f"words_{name}": list(block.table.columns[name].words) for name in features_sql.CATEGORIES}
    found = np.concatenate(parts)
    out = copy_out(given | words, ranges)
    return {"copy out": out, "predict": predict, "write what changed": write_changed(organization, found)}, (
        background,
        found,
    )


def copy_out(given: dict[str, Any], ranges: list[Any]) -> float:
    """Copy the features of all ranges into memory, in a session without policies."""
    session = psycopg2.connect(os.environ["DATABASE_SYSTEM_URL"])
    started = time.monotonic()
    with session, session.cursor() as cursor:
        cursor.execute("SET enable_nestloop = off")
        psycopg2.extras.register_uuid()  # type: ignore[no-untyped-call]  # its stubs say nothing
        for first, last in ranges:
            sql = cursor.mogrify(features_sql.FEATURES, {**given, "first": first, "last": last}).decode()
            with open(os.devnull, "wb") as nowhere:
                cursor.copy_expert(f"COPY ({sql}) TO STDOUT (FORMAT BINARY)", nowhere)
    taken = time.monotonic() - started
    session.close()
    return taken


def write_changed(organization: Organization, found: Any) -> float:
    """Copy scores in, write those rows that differ, and take it back; the arrays are ready before."""
    from coe.scoring.chunks import ranking
    from coe.scoring.ranking import BandCuts

    ranked = ranking(found, rate=0.1, is_learned=True, cuts=BandCuts(), seed=str(organization.pk))
    columns = {
        "account_id": ranked.account_ids,
        "score": ranked.score,
        "probability": ranked.probability,
        "rank": ranked.rank,
        "value_minor": ranked.value_minor,
    }
    file = binary_rows(columns)
    with organization_scope(organization), connection.cursor() as cursor:
        started = time.monotonic()
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(
            "CREATE TEMPORARY TABLE floor_score (account_id uuid, score smallint, probability float8, rank integer,"
            " value_minor bigint) ON COMMIT DROP"
        )
        cursor.copy_expert("COPY floor_score FROM STDIN (FORMAT BINARY)", file)
        cursor.execute(
            "UPDATE pipeline_accountscore t SET score = s.score, probability = s.probability, rank = s.rank,"
            " value_minor = s.value_minor FROM floor_score s WHERE t.organization_id = %s"
            " AND t.account_id = s.account_id AND (t.score, t.probability, t.rank, t.value_minor) IS DISTINCT FROM"
            " (s.score, s.probability, s.rank, s.value_minor)",
            [organization.pk],
        )
        say(f"{cursor.rowcount:,} of {len(found):,} rows differ from the night before")
        taken = time.monotonic() - started
        connection.set_rollback(True)
    return taken


def plain_way(organization: Organization, measured: tuple[Market, Any], days: int) -> float:
    """Return the seconds an account when each is asked about, predicted and written by itself.

    :raises AssertionError: when it says anything else.
    """
    background, found = measured
    rows = found[np.random.default_rng(5).choice(len(found), SAMPLE, replace=False)]
    with organization_scope(organization):
        method = method_in_force(organization=organization, as_of=timezone.now())
        started = time.monotonic()
        for row, account_id in zip(rows, uuids(np.ascontiguousarray(rows["id"])), strict=True):
            block = features_of(organization=organization, account_ids=[account_id], background=background, few=True)
            (said,) = scored_rows(block, method.card, method.scorer)
            assert said.tobytes() == row.tobytes(), "account by account it says something else"
            score = AccountScore.objects.get(account_id=account_id)
            score.probability = 1 / (1 + math.exp(-float(said["points"])))
            score.save(update_fields=["probability"])
        taken = (time.monotonic() - started) / SAMPLE
        connection.set_rollback(True)
    say(f"account by account: {1000 * taken:.1f} ms each, the same to the bit ({digest(rows)})")
    return taken


def digest(rows: Any) -> str:
    """Return a few letters that stand for the rows."""
    return hashlib.sha256(rows.tobytes()).hexdigest()[:8]


if __name__ == "__main__":
    if sys.argv[1:2] in (["night"], ["pieces"]):
        carry_out(sys.argv[2], int(sys.argv[3]), whole=sys.argv[1] == "night")
    else:
        main()
