"""What putting a whole country's lists in order costs: 750,000 referrals, and all that a row says of its place."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import date

import numpy as np
import polars as pl

from benchmarks.harness import Figure, Measured
from risk_model import features, policy
from risk_model.policy import DEFAULT_POLICY, Policy

REFERRALS, SERVICES = 750_000, 420
INDEX_DATE = date(2026, 11, 20)
SECONDS, GIBIBYTES = 4.0, 3.0
SLOTS_A_REVIEW = 25
SHARE_RECORDED, SHARE_NOT_KNOWN = 0.12, 0.1
SEED = 2026
IN_A_PROCESS_OF_ITS_OWN = "from benchmarks import ranking; ranking.measure_here()"


def rank_750k_seconds() -> Measured:
    """Seconds to rank, in a process of its own so that its memory is its own."""
    done = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS_OF_ITS_OWN], capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    holds = told["seconds"] <= SECONDS and told["gibibytes"] <= GIBIBYTES
    return Measured(told["seconds"], holds, told)


def measure_here() -> None:
    """Rank once in this process and print seconds, peak memory (the table itself is in it) and rows."""
    import resource

    rules, _ = policy.load(DEFAULT_POLICY)
    table = waiting(rules, np.random.default_rng(SEED))
    flow = table.group_by("service_id").agg(
        referrals_per_week=pl.len() / 60, first_contacts_per_week=pl.len() / 70
    )
    calendar = flow.select(
        "service_id",
        from_on=pl.lit(date(2026, 1, 1)),
        until_on=pl.lit(date(2027, 12, 31)),
        slots_per_review=pl.lit(SLOTS_A_REVIEW, pl.Int64),
    )
    started, worked = time.perf_counter(), time.process_time()
    services = policy.services_at_review(table, flow, rules, INDEX_DATE, calendar=calendar)
    ranked = policy.rank(table, rules, services, INDEX_DATE)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    told = {"seconds": seconds, "seconds_of_all_cores": time.process_time() - worked, "gibibytes": peak}
    print(json.dumps(told | {"rows": ranked.height}))


def waiting(rules: Policy, rng: np.random.Generator) -> pl.DataFrame:
    """Return invented open referrals with everything that the default policy reads, one in ten facts not known."""
    facts = sorted({fact for rule in rules.rules for fact in rule.facts} | set(features.NEED_AREAS.values()))
    band = rng.integers(-40, 10, REFERRALS)
    risk_low = rng.random(REFERRALS) * 0.6
    same = {"service_name": "Speech and language therapy", "provider_code": "P1"}
    return pl.DataFrame(
        {
            "service_id": np.sort(rng.integers(0, SERVICES, REFERRALS)).astype(str),
            "referral_id": rng.permutation(REFERRALS).astype(str),
            "team_type_code": rng.choice(["33", "37", "06", "17"], REFERRALS),
            **{name: _days(rng.integers(0, 900, REFERRALS)) for name in ("referred_on", "entered_on")},
            "first_known_on": _days(rng.integers(0, 30, REFERRALS) * 30),
            **{fact: _fact(rng) for fact in facts},
            "risk_low_for_place": risk_low,
            "risk_low_if_highest": risk_low * 1.2,
            "risk_band": band,
            "risk_band_if_highest": band - 3 * (rng.random(REFERRALS) < 0.3),
            "risk_band_if_lowest": band + 3 * (rng.random(REFERRALS) < 0.3),
        }
    ).with_columns(
        age_years=pl.Series(rng.integers(0, 18, REFERRALS).astype(float)),
        **{name: pl.lit(text) for name, text in same.items()},
    )


def _fact(rng: np.random.Generator) -> pl.Series:
    drawn = rng.random(REFERRALS)
    values = np.where(drawn < SHARE_RECORDED, 1.0, 0.0)
    values[drawn > 1 - SHARE_NOT_KNOWN] = np.nan
    return pl.Series(values).fill_nan(None)


def _days(before: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pl.Series:
    last = (INDEX_DATE - date(1970, 1, 1)).days
    return pl.Series(last - before).cast(pl.Int32).cast(pl.Date)


FIGURES = [
    Figure(
        "rank_750k_seconds",
        "ranking 750,000 referrals of 420 services, with bands, bounds, best and worst place and sentences",
        "s",
        f"at most {SECONDS:g} s and {GIBIBYTES:g} GiB",
        rank_750k_seconds,
    ),
]
