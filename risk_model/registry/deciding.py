"""Which model orders lists: recorded by training, put in force, taken back or retired by two people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from risk_model.errors import FindingError, UserError
from risk_model.model import Fit
from risk_model.registry import acts, store
from risk_model.registry.acts import PROMOTE, RETIRE, ROLLBACK, SUSPEND, THE_TEST, Act, Standing
from risk_model.registry.store import Version
from risk_model.scorecard import Scorecard

GO = "go"


def record(
    place: Path,
    name: str,
    fit: Fit,
    *,
    verdict: str,
    because: list[str],
    figures: dict[str, float],
    facts: dict[str, Any],
) -> Version:
    """Record a training run and return its version; a "no-go" suspends the version in force, a "go" promotes none."""
    made = store.add(place, name, fit, verdict=verdict, because=because, figures=figures, facts=facts)
    held = standing(place, name).in_force
    if verdict != GO and held is not None:
        reason = f"version {made.version}, trained since, did not pass its test ({verdict})"
        acts.add(place, name, Act(acts.now(), SUSPEND, held.version, held.digest, THE_TEST, None, reason))
    return made


def approved(place: Path, name: str) -> tuple[Scorecard | None, str | None]:
    """Return the scorecard in force, or none and why there is none, as every page of a list says it.

    A workspace in which nothing was ever trained is a mistake that the caller can mend, and is said so. A scorecard
    that is not the one that was promoted is refused.
    """
    known = store.versions(place, name)
    holds = standing(place, name)
    if holds.in_force is None:
        return None, _why_none(known, holds)
    version = find(known, holds.in_force.version)
    return store.read_scorecard(place, name, version, holds.in_force.digest), None


def standing(place: Path, name: str) -> Standing:
    """Return which version is in force, and what went before."""
    return acts.follow(acts.read(place, name))


def changed(place: Path, name: str) -> list[int]:
    """Return the versions whose scorecard cannot be read or is not the one that was recorded."""
    promoted = {act.version: act.digest for act in acts.read(place, name)}
    found = []
    for version in store.versions(place, name):
        try:
            store.read_scorecard(place, name, version, promoted.get(version.version, version.digest))
        except UserError:
            found.append(version.version)
    return found


def promote(place: Path, name: str, number: int | None, *, by: str, agreed_by: str, reason: str) -> Version:
    """Put a version in force, the newest if no number is given.

    Only one whose verdict is "go" and whose scorecard is the one that was recorded.
    """
    acts.check_names(by, agreed_by, reason)
    known, holds = store.versions(place, name), standing(place, name)
    version = known[-1] if number is None else find(known, number)
    if version.version in holds.retired:
        raise FindingError(
            f"Version {version.version} is retired. Expected a version that still may order lists. "
            "Promote another, or train again."
        )
    if version.verdict != GO:
        raise FindingError(
            f"Version {version.version} did not pass its test: {version.because} Expected a verdict of go. "
            "Promote another version; until one is promoted, lists are made by the policy alone."
        )
    if holds.in_force is not None and holds.in_force.version == version.version:
        raise UserError(
            f"Version {version.version} is already in force. Expected another version. "
            "See `risk-model models list`."
        )
    store.read_scorecard(place, name, version, version.digest)
    row = acts.agreed(PROMOTE, version.version, version.digest, by=by, agreed_by=agreed_by, reason=reason)
    acts.add(place, name, row)
    return version


def rollback(place: Path, name: str, *, by: str, agreed_by: str, reason: str) -> Version:
    """Put the version in force again that was in force before the last one."""
    acts.check_names(by, agreed_by, reason)
    known, holds = store.versions(place, name), standing(place, name)
    if not holds.earlier:
        raise UserError(
            "There is no earlier version to go back to. Expected one that was in force before and is not retired. "
            "Promote another, or retire the one in force: lists are then made by the policy alone."
        )
    before = holds.earlier[-1]
    version = find(known, before.version)
    store.read_scorecard(place, name, version, before.digest)
    row = acts.agreed(ROLLBACK, version.version, before.digest, by=by, agreed_by=agreed_by, reason=reason)
    acts.add(place, name, row)
    return version


def retire(place: Path, name: str, number: int, *, by: str, agreed_by: str, reason: str) -> Version:
    """Retire a version for good; if it was in force, lists are made by the policy alone until another is."""
    acts.check_names(by, agreed_by, reason)
    version = find(store.versions(place, name), number)
    if number in standing(place, name).retired:
        raise UserError(
            f"Version {number} is already retired. Expected one that is not. To see whom it ranked: "
            f"`risk-model models ranked {number}`."
        )
    row = acts.agreed(RETIRE, number, version.digest, by=by, agreed_by=agreed_by, reason=reason)
    acts.add(place, name, row)
    return version


def find(known: list[Version], number: int) -> Version:
    """Return one version by its number, or say which there are."""
    for version in known:
        if version.version == number:
            return version
    raise UserError(
        f"There is no version {number}. Expected one out of: {', '.join(str(v.version) for v in known)}. "
        "See `risk-model models list`."
    )


def _why_none(known: list[Version], holds: Standing) -> str:
    stopped = holds.stopped_by
    if stopped is not None:
        what = "suspended" if stopped.act == SUSPEND else "retired"
        return f"model version {stopped.version} was {what} on {stopped.at[:10]}: {stopped.reason}"
    if known[-1].verdict != GO:
        return f"the newest model did not pass its test ({known[-1].verdict})"
    return f"no model is promoted; version {known[-1].version} passed its test, and two people have yet to promote it"
