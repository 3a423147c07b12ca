"""The stages in order: from children to what truly happened to them, before anyone records it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from risk_model.synthetic import (
    checks,
    hazards,
    identification,
    need_types,
    needs,
    population,
    queues,
    referrals,
    school,
    social_care,
)
from risk_model.synthetic.calibration import Calibration
from risk_model.synthetic.councils import Council, Place
from risk_model.synthetic.queue_orders import Order, by_urgency

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class World:
    """Everything that truly happened to the children of one council."""

    council: Council
    children: population.Children
    needs: needs.Needs
    social_care: social_care.SocialCare
    checks: pl.DataFrame
    asq: pl.DataFrame
    known: identification.Identification
    queues: queues.Queues
    hazards: hazards.Hazards
    school: school.School
    named_needs: pl.DataFrame


def make_world(
    calibration: Calibration,
    place: Place,
    children: population.Children,
    progress: Progress,
    order: Order = by_urgency,
) -> World:
    """Run the stages in order; each depends on the calibration, the seed and the stages before it.

    `order` says whom the services see first; the base is today's habit.

    Children wait before they come to harm: the wait so far is in the hazard, and nothing that decides who waits and
    who is identified knows of the events drawn from it.
    """
    seed, council, residents = place.seed, place.council, place.residents
    latent = needs.make_needs(calibration, seed, children)
    progress("social care", 0.05)
    care = social_care.simulate(calibration, seed, children, latent)
    progress("health services", 0.25)
    done = checks.carry_out(calibration, seed, children, latent)
    missed = done.missed_two_year_review
    known = identification.identify(calibration, seed, children, latent, care, missed)
    recognised = np.asarray((known.provision > 0).any(axis=0))
    asked = referrals.refer(calibration, seed, children, latent, recognised, (council, residents))
    waits = queues.run(calibration, seed, children, latent, care, asked, (council, residents), order)
    progress("hazards and events", 0.35)
    truth = hazards.make_hazards(calibration, seed, children, latent, care, waits.referrals)
    progress("schools", 0.45)
    attendance = school.attend(calibration, seed, children, latent, truth, known)
    named = need_types.name_needs(calibration, seed, children, latent, known, attendance.exclusions)
    return World(
        council, children, latent, care, done.reviews, done.asq, known, waits, truth, attendance, named
    )
