"""One child's journey on one page: the order of the steps, and no logic.

sources.check       the partners' own files, typed and accepted, or in quarantine with the rule's name
linkage.link        under one pseudonym, with how sure we are
coverage.check      no list where a feed is not there, unless somebody accepts the gap
snapshot.take       cut at knowledge time
features.build      true, false or unknown
tripwires.check     no estimate where the model no longer holds
scorecard, policy   the risk that is estimated, the priority that is decided
worklist.order      the two meet
worklist.save       written once, with its provenance
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from risk_model import (
    coverage,
    evaluation,
    features,
    linkage,
    model,
    policy,
    provenance,
    registry,
    scorecard,
    simulation,
    snapshot,
    sources,
    tripwires,
    worklist,
)
from risk_model.coverage import AcceptedGap
from risk_model.evaluation import Evaluation
from risk_model.keys import Purpose
from risk_model.linkage import People
from risk_model.model import Rows
from risk_model.simulation import Plan, Result
from risk_model.snapshot import Frames, Snapshot
from risk_model.workspace import Workspace

Tell = Callable[[str], None]

TRAINING_STEPS = 6
LISTING_STEPS = 7
LOOKING_BACK_STEPS = 3


def train(extracts: Path, workspace: Workspace, *, store: Path, seed: int, tell: Tell) -> Evaluation:
    """Fit on quarterly landmarks, judge on the later ones, record both in the registry, return the evaluation."""
    key, vault = workspace.key(Purpose.TRAINING), workspace.vault_of(Purpose.TRAINING)
    tell("Reading and checking the partners' files")
    checked = sources.check(extracts, kept_in=workspace.checked)
    checked.write_quarantine(workspace.quarantine)

    tell("Linking children")
    register = linkage.open_register(vault, key, snapshot.last_known_on(checked.frames))
    decisions = linkage.decisions.read(workspace.vault)
    people = linkage.link(checked.frames, register=register, decisions=decisions)
    workspace.keep_linkage_weights(linkage.written(people.weights))
    linkage.keep_register(people.register, vault)
    workspace.keep_identities(people.identities, Purpose.TRAINING)
    linkage.keep(people, vault)

    tell("Looking back from each quarter")
    days = snapshot.landmarks(checked.frames)
    earlier, later = evaluation.split(days)
    children = look_back(checked.frames, people, days)

    tell("Fitting on the earlier quarters, judging on the later ones")
    fitted, held_out = (_rows(children, part) for part in (earlier, later))
    made_from = {"landmarks": [str(day) for day in days], "extracts": provenance.digest_of(checked.files)}
    judged = model.fit(fitted, seed=seed, made_from=made_from, bootstrap_fits=0)
    ranked = evaluation.orderings(judged.card, held_out, fitted)
    verdict = evaluation.evaluate(judged.card, held_out, ranked, seed=seed)

    tell("Fitting on all quarters")
    final = model.fit(_rows(children, days), seed=seed, made_from=made_from, like=judged.card)

    tell("Recording the run")
    results = evaluation.results(judged.card, held_out, fitted, ranked, seed=seed)
    workspace.keep_evaluation(
        evaluation.held_out(judged.card, held_out, fitted, ranked),
        results,
        verdict.as_dict(),
        evaluation.report_page(verdict.as_dict(), results),
    )
    registry.record(
        store,
        registry.deployment(workspace.key(Purpose.REGISTRY)),
        final,
        verdict=verdict.verdict,
        because=verdict.because,
        figures=verdict.figures(),
        facts={
            "seed": seed,
            "code": provenance.code()["digest"],
            "pseudonym_key_id": key.id,
            "extracts": made_from["extracts"],
            "verdict_test": verdict.test["digest"],
        },
    )
    return verdict


def prioritise(
    extracts: Path,
    workspace: Workspace,
    *,
    index_date: date,
    store: Path,
    policy_file: Path,
    policy_only: bool,
    policy_only_reason: str | None = None,
    confirmed_because: str | None = None,
    accepted: Sequence[AcceptedGap] = (),
    calendar_file: Path | None = None,
    decisions_file: Path | None = None,
    trusted_keys: Path | None = None,
    tell: Tell,
) -> Path:
    """Make the worklists of one index date and return the run's folder; `accepted` feeds may be missing.

    `confirmed_because`: why a new model or policy may move as many children as it does.
    """
    rules, policy_bytes = policy.load(policy_file)
    signature_file = policy.signing.beside(policy_file)
    trusted = policy.signing.trusted_keys(trusted_keys)
    signature = policy.signing.check(policy_bytes, rules, signature_file, trusted)
    calendar = policy.load_input(calendar_file, policy.CALENDAR)
    planned = policy.read_calendar(calendar)
    decisions = policy.load_input(decisions_file, policy.DECISIONS)
    decided = policy.read_decisions(decisions, rules)
    key, vault = workspace.key(Purpose.DIRECT_CARE), workspace.vault_of(Purpose.DIRECT_CARE)
    register = linkage.open_register(vault, key, index_date)
    promoted, why_none = (
        (None, policy_only_reason or provenance.ASKED_FOR_NONE)
        if policy_only
        else registry.approved(store, registry.deployment(workspace.key(Purpose.REGISTRY)))
    )

    tell("Reading and checking the partners' files")
    checked = sources.check(extracts, kept_in=workspace.checked)
    checked.write_quarantine(workspace.quarantine)
    sources.check_is_whole(checked)
    frames = snapshot.known_frames(checked.frames, index_date)

    tell("Linking children")
    people = linkage.link(
        frames,
        register=register,
        weights=workspace.linkage_weights(),
        decisions=linkage.decisions.read(workspace.vault),
    )
    workspace.keep_linkage_weights(linkage.written(people.weights))
    linkage.keep_register(people.register, vault)
    workspace.keep_identities(people.identities, Purpose.DIRECT_CARE)
    linkage.keep(people, vault)

    tell("Looking for gaps in the feeds")
    covered = coverage.of(frames, index_date, people, rules.feed_limits)
    gaps = coverage.accept(covered, accepted)
    coverage.check(covered, [mandatory.feed for mandatory in rules.mandatory_feeds], accepted)

    tell("Looking at what was known on the day")
    known = snapshot.take(frames, people, index_date, covered)
    earlier = worklist.earlier_run(workspace.worklists, index_date)
    review_on = policy.next_review(rules.reviews, index_date)
    table = worklist.with_offers(features.build(known), earlier, review_on)

    tell("Looking at the model's tripwires")
    quarters = tripwires.quarters_since(promoted, snapshot.landmarks(frames))
    later = _rows(look_back(frames, people, quarters), quarters) if quarters else None
    wires = tripwires.check(promoted, table, later)
    card = wires.card

    tell("Putting the lists in order")
    carried = worklist.carried_over(earlier)
    services = policy.services_at_review(
        table, known.flow, rules, index_date, calendar=planned, earlier=carried
    )
    basis = worklist.Basis(table, services, index_date, decided, card, rules)
    moved = worklist.moves.by_rules(earlier, basis)
    confirmed = worklist.moves.check_confirmed(moved, rules, confirmed_because)
    ordered = worklist.order(table, card, rules, services, index_date, decided)

    tell("Writing the run")
    facts = provenance.facts(
        known, people, ordered, checked, card, rules, policy_bytes, signature, services, gaps
    )
    facts |= {"tripwires": wires.as_facts(), "no_estimate_because": wires.because or why_none}
    facts["moves"] = {**moved.as_dict(), "confirmed_because": confirmed_because if confirmed else None}
    facts["warnings"] += confirmed
    files: dict[str, bytes | pl.DataFrame] = {
        "list": ordered.list,
        "contributions": ordered.contributions,
        "reasons": ordered.reasons,
        "measures": ordered.measures,
        "flow": known.flow_by_month,
        "features": table,
        "person_changes": people.register.changes_of_the_day(),
        "policy.yaml": policy_bytes,
        "linkage.json": linkage.written(people.weights),
    }
    if card is not None:
        files["scorecard.json"] = scorecard.write(card)
    if signature_file is not None:
        files["policy.yaml.sig"] = signature_file
    if calendar is not None:
        files[worklist.CALENDAR_FILE] = calendar
    if decisions is not None:
        files[worklist.DECISIONS_FILE] = decisions
    return worklist.save(workspace.worklists, str(index_date), files, facts)


def evaluate(workspace: Workspace, *, truth: Path | None, seed: int) -> dict[str, Any]:
    """Return the newest training's evaluation and, where the cohort's truth is at hand, the distance to it."""
    held_out, judged = workspace.last_evaluation()
    if truth is None:
        return judged
    known, vault = evaluation.read_truth(truth), workspace.vault_of(Purpose.TRAINING)
    held = linkage.vault.read(vault, "held")
    children = evaluation.children_of(held, known.identities)
    distance = evaluation.against_truth(held_out, children, known, seed=seed)
    return {**judged, "truth": distance, "links": evaluation.link_quality(held, known.identities)}


def simulate(
    extracts: Path,
    workspace: Workspace,
    *,
    index_date: date,
    quarters: int,
    store: Path,
    policy_file: Path,
    policy_only: bool,
    calendar_file: Path | None = None,
    truth: Path | None = None,
    plan: Plan,
    tell: Tell,
) -> Result:
    """Return what every order would do to the children of the extracts; `truth` is that of an invented cohort.

    The lists and the needs of so many quarters before the index date are what is drawn from.
    """
    rules, _ = policy.load(policy_file)
    calendar = policy.read_calendar(policy.load_input(calendar_file, policy.CALENDAR))
    known = None if truth is None else evaluation.read_truth(truth)
    card, _ = (
        (None, None)
        if policy_only
        else registry.approved(store, registry.deployment(workspace.key(Purpose.REGISTRY)))
    )
    pasts = past_of_lists(
        extracts,
        workspace,
        index_date=index_date,
        quarters=quarters,
        rules=rules,
        card=card,
        calendar=calendar,
        truth=known,
        reviews=plan.reviews,
        tell=tell,
    )
    return simulation.run(pasts, rules, plan, is_true_risk=known is not None, tell=tell)


def past_of_lists(
    extracts: Path,
    workspace: Workspace,
    *,
    index_date: date,
    quarters: int,
    rules: policy.Policy,
    card: scorecard.Scorecard | None,
    calendar: pl.DataFrame | None,
    truth: evaluation.Truth | None,
    reviews: int,
    tell: Tell,
) -> list[simulation.Past]:
    """Return the history of every list, as the policy and the model saw it: what the laboratory draws from."""

    tell("Reading and checking the partners' files")
    checked = sources.check(extracts, kept_in=workspace.checked)
    frames = snapshot.known_frames(checked.frames, index_date)

    tell("Linking children")
    register = linkage.open_register(
        workspace.vault_of(Purpose.TRAINING), workspace.key(Purpose.TRAINING), index_date
    )
    decisions = linkage.decisions.read(workspace.vault)
    weights = workspace.linkage_weights()
    people = linkage.link(frames, register=register, weights=weights, decisions=decisions)

    tell("Looking back from each quarter")
    days = [*snapshot.landmarks(checked.frames)[-quarters:], index_date]
    looks = [_look(frames, people, day) for day in days]
    history = pl.concat(
        simulation.on_day(features.build(look), card, rules, look.on, evaluation.POINTS) for look in looks
    )
    table = features.build(looks[-1])
    services = policy.services_at_review(table, looks[-1].flow, rules, index_date, calendar=calendar)
    risks = None if truth is None else evaluation.true_risks(people.held, truth)
    return simulation.lists(history, services, frames, index_date, reviews=reviews, true_risk=risks)


def look_back(frames: Frames, people: People, days: list[date]) -> pl.DataFrame:
    """Return a row per quarter and child who waited: features and services of that day, and what happened afterwards.

    Features come from the records and links known on the day, outcomes from everything known by now (`people`), and
    so do the children's names, which join the two; what was not one person then gets no outcome of another.
    """
    gathered = snapshot.gather(frames, people)
    quarters = []
    for day in days:
        known = _look(frames, people, day)
        followed = snapshot.outcomes(gathered, known)
        asked = snapshot.services_waited_for(known)
        table = features.of_children(known).join(followed, on="person_id").join(asked, on="person_id")
        quarters.append(table.with_columns(landmark_on=pl.lit(day)))
    return pl.concat(quarters)


def _look(frames: Frames, people: People, day: date) -> Snapshot:
    """What was known on a day, under the links that the records of that day allow."""
    then = linkage.link(
        snapshot.known_frames(frames, day),
        register=people.register,
        weights=people.weights,
        decisions=people.decisions,
    )
    return snapshot.take(frames, then, day)


def _rows(children: pl.DataFrame, days: list[date]) -> Rows:
    return model.training_rows(children.filter(pl.col("landmark_on").is_in(days)))
