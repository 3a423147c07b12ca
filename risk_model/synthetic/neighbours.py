"""Stage 1, second part: councils side by side, with numbers that never collide and children who cross borders."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np

from risk_model.synthetic import identifiers
from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import Ints, Strings
from risk_model.synthetic.councils import Council, Place
from risk_model.synthetic.population import FIRST_ESTABLISHMENT, FIRST_URN, Children, Schools, allocate_upns


def side_by_side(
    calibration: Calibration, seed: int, places: Sequence[Place], councils: Sequence[Children]
) -> list[Children]:
    """The children of several councils in one country; a council that is alone stays as it is.

    Near a border some go to a state school of the neighbouring council, and a placement near by is the address
    and the schools of some child of a neighbouring council.
    """
    if len(councils) == 1:
        return list(councils)
    numbered = _numbered(seed, councils)
    settled = []
    for place, own in zip(places, numbered, strict=True):
        rng = stream(place.seed, "neighbours")
        others = {
            other.council.code: (other.council, theirs)
            for other, theirs in zip(places, numbered, strict=True)
            if other.council.code in place.council.borders
        }
        placed = _with_near_placements(rng, own, [theirs for _, theirs in others.values()])
        settled.append(_across_borders(calibration, rng, place.council, placed, others))
    return _with_upns(settled)


def _numbered(seed: int, councils: Sequence[Children]) -> list[Children]:
    """Children, homes and schools numbered through all councils, and NHS numbers drawn for all at once."""
    schools = _all_schools([children.schools for children in councils])
    ends = list(accumulate(children.count for children in councils))
    sizes = [children.spare_numbers.size for children in councils]
    drawn = identifiers.nhs_numbers(stream(seed, "neighbours.nhs"), ends[-1] + sum(sizes))
    numbers = np.split(drawn[: ends[-1]], ends[:-1])
    spares = np.split(drawn[ends[-1] :], list(accumulate(sizes))[:-1])
    result, people, homes, first = [], 0, 0, 0
    for children, nhs_number, spare in zip(councils, numbers, spares, strict=True):
        result.append(
            replace(
                children,
                child_id=children.child_id + people,
                household=children.household + homes,
                nhs_number=nhs_number,
                spare_numbers=spare,
                primary_school=children.primary_school + first,
                secondary_school=children.secondary_school + first,
                special_school=children.special_school + first,
                near_schools=children.near_schools + first,
                schools=schools,
            )
        )
        people += children.count
        homes += int(children.household.max()) + 1
        first += children.schools.urn.size
    return result


def _all_schools(councils: Sequence[Schools]) -> Schools:
    firsts = [0, *accumulate(schools.urn.size for schools in councils)]
    numbers = np.arange(firsts[-1], dtype=np.int64)

    def of_phase(phase: str) -> Ints:
        moved = [getattr(schools, phase) + first for schools, first in zip(councils, firsts, strict=False)]
        return np.concatenate(moved)

    return Schools(
        urn=(FIRST_URN + numbers).astype("U6"),
        establishment=FIRST_ESTABLISHMENT + numbers,
        council=np.concatenate([schools.council for schools in councils]),
        primary=of_phase("primary"),
        secondary=of_phase("secondary"),
        special=of_phase("special"),
    )


def _with_near_placements(
    rng: np.random.Generator, own: Children, neighbours: Sequence[Children]
) -> Children:
    """Each child's address and schools if placed in a neighbouring council: those of somebody there."""
    if not neighbours:
        return own
    which = rng.integers(0, len(neighbours), own.count)
    postcode: Strings = own.near_postcode.copy()
    schools = own.near_schools.copy()
    for position, theirs in enumerate(neighbours):
        goes = np.flatnonzero(which == position)
        host = rng.integers(0, theirs.count, goes.size)
        postcode[goes] = theirs.postcode[host]
        schools[:, goes] = (
            theirs.primary_school[host],
            theirs.secondary_school[host],
            theirs.special_school[host],
        )
    return replace(own, near_postcode=postcode, near_schools=schools)


def _across_borders(
    calibration: Calibration,
    rng: np.random.Generator,
    council: Council,
    own: Children,
    others: dict[int, tuple[Council, Children]],
) -> Children:
    """Some homes near a border send their children to the schools of somebody on the other side of it."""
    home = own.household - own.household.min()
    crosses = (rng.random(int(home.max()) + 1) < calibration.number("pop.border_school_share"))[home]
    primary, secondary = own.primary_school.copy(), own.secondary_school.copy()
    for code, (neighbour, theirs) in others.items():
        near = crosses & np.isin(own.district, council.borders[code])
        hosts = np.flatnonzero(np.isin(theirs.district, neighbour.borders[council.code]))
        host = rng.choice(hosts, int(home.max()) + 1)[home[near]]
        primary[near], secondary[near] = theirs.primary_school[host], theirs.secondary_school[host]
    return replace(own, primary_school=primary, secondary_school=secondary)


def _with_upns(councils: Sequence[Children]) -> list[Children]:
    first_school = np.concatenate([children.primary_school for children in councils])
    years = np.concatenate([children.reception_year for children in councils])
    ends = list(accumulate(children.count for children in councils))
    upns = np.split(allocate_upns(councils[0].schools, first_school, years), ends[:-1])
    return [replace(children, upn=upn) for children, upn in zip(councils, upns, strict=True)]
