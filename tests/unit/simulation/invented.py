"""An invented list to draw from: enough history for every order, and no file."""

from __future__ import annotations

import numpy as np

from risk_model.simulation.orders import Facts
from risk_model.simulation.past import Past
from risk_model.simulation.slots import Pace

ROWS, WAITING = 400, 120


def past(
    name: str = "list-1", *, slots_a_week: float = 6.0, reviews: int = 104, with_risk: bool = True
) -> Past:
    rng = np.random.default_rng(len(name))
    tier = rng.choice([0, 1, 2], ROWS, p=[0.05, 0.25, 0.7])
    risk = np.clip(0.4 - 0.15 * tier + rng.normal(0, 0.05, ROWS), 0.01, 0.9)
    joined = np.sort(-rng.integers(1, 60, ROWS).astype(float))
    followed_by = np.where(np.arange(ROWS) % 3 == 0, (np.arange(ROWS) + 7) % ROWS, -1)
    newcomers = np.arange(WAITING, ROWS)
    return Past(
        service_id=name,
        service_name=name.title(),
        facts=Facts(
            tier=tier,
            band=np.rint(-20 * risk).astype(np.int64),
            risk=risk + rng.normal(0, 0.1, ROWS).clip(-0.1, 0.1) if with_risk else np.zeros(ROWS),
            true_risk=risk,
            points=3 - tier,
            is_urgent=tier == 0,
        ),
        joined=joined,
        referred=joined,
        carried_weeks=np.zeros(ROWS),
        age=rng.integers(0, 17, ROWS).astype(float),
        hazard=risk / 26,
        groups={"looked after": rng.random(ROWS) < 0.1},
        waiting=np.arange(WAITING),
        newcomers=newcomers,
        chance_of_newcomer=np.full(newcomers.size, 1 / newcomers.size),
        followed_by=followed_by,
        referrals_per_week=6.5,
        leaving_per_week=0.01,
        not_brought_share=0.08,
        pace=Pace(np.full(reviews, slots_a_week), 46),
    )
