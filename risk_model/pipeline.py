"""One child's journey on one page: the order of the steps, and no logic.

sources.check       the partners' own files, typed and accepted, or in quarantine with the rule's name
linkage.link        under one pseudonym, with how sure we are
coverage.check      no list where a feed is not there, unless somebody accepts the gap
snapshot.take       cut at knowledge time
features.build      true, false or unknown
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
    snapshot,
    sources,
    worklist,
)
from risk_model.coverage import AcceptedGap
from risk_model.evaluation import Evaluation
from risk_model.keys import Purpose
from risk_model.linkage import People
from risk_model.model import Rows
from risk_model.snapshot import Frames
from risk_model.workspace import Workspace

Tell = Callable[[str], None]

TRAINING_STEPS = 6
LISTING_STEPS = 6


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
    verdict = evaluation.evaluate(judged.card, held_out, fitted, seed=seed)

    tell("Fitting on all quarters")
    final = model.fit(_rows(children, days), seed=seed, made_from=made_from, like=judged.card)

    tell("Recording the run")
    results = evaluation.results(judged.card, held_out, fitted, seed=seed)
    workspace.keep_evaluation(
        evaluation.held_out(judged.card, held_out, fitted),
        results,
        verdict.as_dict(),
        evaluation.report_page(verdict.as_dict(), results),
    )
    registry.record(
        store,
        registry.deployment(workspace.key(Purpose.REGISTRY)),
        final,
        verdict=verdict.verdict,
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
    accepted: Sequence[AcceptedGap] = (),
    calendar_file: Path | None = None,
    decisions_file: Path | None = None,
    trusted_keys: Path | None = None,
    tell: Tell,
) -> Path:
    """Make the worklists of one index date and return the run's folder; `accepted` feeds may be missing."""
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
    card = (
        None
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

    tell("Putting the lists in order")
    carried = worklist.carried_over(earlier)
    services = policy.services_at_review(
        table, known.flow, rules, index_date, calendar=planned, earlier=carried
    )
    ordered = worklist.order(table, card, rules, services, index_date, decided)

    tell("Writing the run")
    facts = provenance.facts(
        known, people, ordered, checked, card, rules, policy_bytes, signature, services, gaps
    )
    facts["no_estimate_because"] = provenance.no_estimate_because(card, policy_only, policy_only_reason)
    files: dict[str, bytes | pl.DataFrame] = {
        "list": ordered.list,
        "contributions": ordered.contributions,
        "reasons": ordered.reasons,
        "measures": ordered.measures,
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


def look_back(frames: Frames, people: People, days: list[date]) -> pl.DataFrame:
    """Return a row per quarter and child who waited: features and services of that day, and what happened afterwards.

    Features come from the records and links known on the day, outcomes from everything known by now (`people`), and
    so do the children's names, which join the two; what was not one person then gets no outcome of another.
    """
    gathered = snapshot.gather(frames, people)
    quarters = []
    for day in days:
        then = linkage.link(
            snapshot.known_frames(frames, day),
            register=people.register,
            weights=people.weights,
            decisions=people.decisions,
        )
        known = snapshot.take(frames, then, day)
        followed = snapshot.outcomes(gathered, known)
        asked = snapshot.services_waited_for(known)
        table = features.of_children(known).join(followed, on="person_id").join(asked, on="person_id")
        quarters.append(table.with_columns(landmark_on=pl.lit(day)))
    return pl.concat(quarters)


def _rows(children: pl.DataFrame, days: list[date]) -> Rows:
    return model.training_rows(children.filter(pl.col("landmark_on").is_in(days)))
