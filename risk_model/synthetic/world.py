"""The stages in order: from children to what truly happened to them, before anyone records it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from risk_model.synthetic import (
    checks,
    hazards,
    identification,
    needs,
    population,
    poverty,
    queues,
    referrals,
    school,
    social_care,
)
from risk_model.synthetic.calibration import Calibration
from risk_model.synthetic.clock import Booleans
from risk_model.synthetic.councils import Council, Place

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class World:
    """Everything that truly happened to the children of one council."""

    council: Council
    children: population.Children
    is_poor: Booleans
    needs: needs.Needs
    social_care: social_care.SocialCare
    hazards: hazards.Hazards
    known: identification.Identification
    school: school.School
    checks: pl.DataFrame
    asq: pl.DataFrame
    queues: queues.Queues


def make_world(
    calibration: Calibration, place: Place, children: population.Children, progress: Progress
) -> World:
    """Run the stages in order; each depends on the calibration, the seed and the stages before it."""
    seed, council, residents = place.seed, place.council, place.residents
    poor = poverty.on_free_meals(calibration, seed, children)
    latent = needs.make_needs(calibration, seed, children, poor)
    progress("social care", 0.05)
    care = social_care.simulate(calibration, seed, children, latent, poor)
    progress("hazards and events", 0.25)
    truth = hazards.make_hazards(calibration, seed, children, latent, care, poor)
    progress("schools", 0.4)
    known = identification.identify(calibration, seed, children, latent, care, truth)
    attendance = school.attend(calibration, seed, children, latent, truth, known)
    progress("health services", 0.5)
    reviews, asq = checks.carry_out(calibration, seed, children, latent)
    recognised = np.asarray((known.provision > 0).any(axis=0))
    asked = referrals.refer(calibration, seed, children, latent, recognised, (council, residents))
    waits = queues.run(calibration, seed, children, latent, care, asked, (council, residents))
    return World(council, children, poor, latent, care, truth, known, attendance, reviews, asq, waits)
