"""`synthesise`: make a cohort with known truth and write it in the partners' own file formats."""

import shutil
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from risk_model.errors import UserError
from risk_model.synthetic import (
    calibration as figures,
)
from risk_model.synthetic import (
    councils,
    extracts,
    folders,
    neighbours,
    population,
    recording,
    truth,
)
from risk_model.synthetic.councils import Place
from risk_model.synthetic.parts import Parts
from risk_model.synthetic.queue_orders import Order, by_urgency
from risk_model.synthetic.world import Progress, make_world

STAGES: Final = (
    "children",
    "social care",
    "health services",
    "hazards and events",
    "schools",
    "recording",
    "health extracts",
    "school extracts",
    "council extracts",
    "truth",
    "done",
)
NUMBERS_REPEAT: Final = (
    "Each folder is a cohort of its own. NHS numbers, school numbers and local ids are unique within it and come "
    "again in others, since the test range has about 900,000 valid NHS numbers. Never link across folders."
)


def synthesise(
    out: Path,
    *,
    scale: str = "plymouth",
    icbs: Sequence[str] = (),
    scenario: str = "base",
    seed: int = 2026,
    stage_seeds: Mapping[str, int] | None = None,
    order: Order = by_urgency,
    progress: Progress | None = None,
) -> None:
    """Write a cohort of children to `out`: `extracts/` as partners would send it, `truth/` as it was made.

    England is made as one such folder per integrated care board, `out/QJK/extracts` and `out/QJK/truth`, one after
    another. A board that is there already is kept, so that a run that was stopped can be taken up again.

    Parameters
    ----------
    out : Path
        A folder that does not exist yet or is empty; it is filled completely or not at all. For England also one that
        holds boards of the same England.
    scale : str
        "plymouth" (52,000 children), "devon" (225,000 of three councils), "england" (11.9 million of 42 boards), or
        "tiny", "tiny_devon" and "tiny_england" (some thousands, for quick tests).
    icbs : sequence of str
        Which boards of England to make; all if none is named.
    scenario : str
        The name of a file in `scenarios/`.
    seed : int
        The same seed gives the same bytes of every file.
    stage_seeds : mapping, optional
        Another seed for some stages by name, such as `{"queues": 7}`; the random numbers of all others stay.
    order : callable
        Whom the services see first (`queue_orders`); today's habit, and the laboratories' orders beside it.
    progress : callable, optional
        Called with the name of each stage and the share of the work done before it.
    """
    calibration = figures.load(scenario)
    own = figures.Seed(seed, stage_seeds)
    facts = {"scale": scale, "scenario": scenario, "seed": seed}
    if stage_seeds:
        facts["stage_seeds"] = dict(stage_seeds)
    report = progress or (lambda stage, share: None)
    chosen = _chosen(scale, icbs)
    if not chosen:
        folders.check_is_free(out)
        _make(out, calibration, councils.places(scale, own), own, facts, order, report)
        report(STAGES[-1], 1.0)
        return
    folders.take_up(out, facts | {"boards": councils.partitions(scale), "note": NUMBERS_REPEAT})
    done = [0, *accumulate(chosen.values())]
    for (icb, _), before in zip(chosen.items(), done, strict=False):
        report(icb, before / done[-1])
        if (out / icb).exists():
            continue
        folders.sweep(out / icb)
        seed_of_icb = councils.seed_of(icb, own)
        places = councils.places(scale, seed_of_icb, icb)
        _make(
            out / icb,
            calibration,
            places,
            seed_of_icb,
            facts | {"icb": icb},
            order,
            lambda stage, share: None,
        )
    report(STAGES[-1], 1.0)


def stages(scale: str, icbs: Sequence[str] = ()) -> tuple[str, ...]:
    """What `synthesise` will report at a scale, in order: one step per board of England."""
    chosen = _chosen(scale, icbs)
    if chosen:
        return (*chosen, STAGES[-1])
    places = councils.places(scale, 0)
    middle = [_name(stage, place, places) for place in places for stage in STAGES[1:-2]]
    return (STAGES[0], *middle, *STAGES[-2:])


def _chosen(scale: str, icbs: Sequence[str]) -> dict[str, int]:
    """The boards to make with their children, in the order of the scale; none where a scale is one cohort."""
    known = councils.partitions(scale)
    unknown = sorted(set(icbs) - set(known))
    if unknown:
        names = ", ".join(known) or "none: this scale is one cohort"
        raise UserError(
            f"The scale {scale} has no integrated care board {', '.join(unknown)}. Expected codes out of: {names}. "
            "Name some of them, or none for all."
        )
    return {icb: children for icb, children in known.items() if not icbs or icb in icbs}


def _make(
    out: Path,
    calibration: figures.Calibration,
    places: Sequence[Place],
    seed: int,
    facts: Mapping[str, Any],
    order: Order,
    report: Progress,
) -> None:
    """Write one cohort, a council at a time; what several councils add to is put together at the end."""
    with folders.written_at_once(out) as beside:
        report(STAGES[0], 0.0)
        everyone = [population.make_children(place.council.own(calibration), place) for place in places]
        waiting = neighbours.side_by_side(calibration, seed, places, everyone)[::-1]
        del everyone
        aside = beside / "parts"
        sent, known = (Parts(aside / kind if len(places) > 1 else None) for kind in ("extracts", "truth"))
        for position, place in enumerate(places):
            tell = _part(report, place, position, places)
            own = place.council.own(calibration)
            _add_council(beside / "extracts", own, places, (place, waiting.pop()), (sent, known), order, tell)
        report(STAGES[-2], 0.95)
        extracts.write_shared(beside / "extracts", calibration, sent, places)
        truth.write(beside / "truth", known, dict(facts))
        shutil.rmtree(aside, ignore_errors=True)


def _name(stage: str, place: Place, places: Sequence[Place]) -> str:
    return stage if len(places) == 1 else f"{place.council.name}: {stage}"


def _part(report: Progress, place: Place, position: int, places: Sequence[Place]) -> Progress:
    """Progress within one council as progress of the whole."""
    everyone = sum(each.residents for each in places)
    before = sum(each.residents for each in places[:position])

    def tell(stage: str, share: float) -> None:
        report(_name(stage, place, places), (before + share * place.residents) / everyone)

    return tell


def _add_council(
    folder: Path,
    calibration: figures.Calibration,
    places: Sequence[Place],
    own: tuple[Place, population.Children],
    parts: tuple[Parts, Parts],
    order: Order,
    report: Progress,
) -> None:
    """Make one council's world, write its own returns and add its rows to what is sent and to what is true."""
    place, children = own
    sent, known = parts
    world = make_world(calibration, place, children, report, order)
    report("recording", 0.55)
    records = recording.record(calibration, place.seed, world)
    report("health extracts", 0.6)
    for path, rows in extracts.health_tables(calibration, place.seed, world, records):
        sent.add(path, rows)
    report("school extracts", 0.7)
    for path, rows in extracts.school_tables(calibration, place.seed, world, records, places):
        sent.add(path, rows)
    report("council extracts", 0.85)
    extracts.write_council(folder, calibration, place.seed, world, records, places)
    for name, rows in truth.tables(calibration, world, records).items():
        known.add(name, rows)
