"""Writes the documents of one run: what run, contracts, figures and tests tell, and what stands OPEN."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from risk_model import contracts
from risk_model.disclosure.rules import NHS_ENGLAND
from risk_model.errors import UserError
from risk_model.evidence import hazards, involvement, junit, requirements
from risk_model.evidence.figures import Figure
from risk_model.evidence.hazards import Hazard
from risk_model.evidence.requirements import ByDocument, ByFact, ByFigure, ByFile, ByTest, Evidence, Standard
from risk_model.worklist import PROVENANCE, Worklist, digest

TEMPLATES = Path(__file__).with_name("templates")
MANIFEST = "pack.json"
OPEN, ANSWERED, UNREAD = "OPEN", "answered", "answered if its tests pass"
HOLDS = "yes"
"""What the table of figures says of one that holds."""
OF_A_STANDARD = "standard.md.jinja"


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What a pack is made from; `outcomes` and `involvement` are None where no file was given.

    `files` are those read beside the run, each with its SHA-256.
    """

    run: Worklist
    command: str
    files: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    outcomes: Mapping[str, str] | None = None
    involvement: Mapping[str, Any] | None = None
    hazards: tuple[Hazard, ...] = field(default_factory=lambda: tuple(hazards.load()))
    standards: tuple[Standard, ...] = field(default_factory=lambda: tuple(requirements.load()))

    @property
    def not_passed(self) -> dict[str, str]:
        """The tests of hazard controls that did not run and pass; empty where no JUnit file was given."""
        named = [test for hazard in self.hazards for test in hazard.tests]
        return {} if self.outcomes is None else junit.not_passed(named, self.outcomes)

    def fact(self, path: str) -> Any:
        """Return what the run's provenance says under a path with dots; None where it says nothing."""
        value: Any = self.run.provenance
        for step in path.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        return value

    def test(self, test: str) -> str:
        """Return a test with its state in this build."""
        state = "not read: no JUnit file" if self.outcomes is None else self.outcomes.get(test, junit.NOT_RUN)
        return f"`{test}` ({state})"

    def answer(self, evidence: Evidence) -> str:
        """Return the words of one piece of evidence; they start with OPEN where there is none."""
        match evidence:
            case ByTest(test=test):
                failed = self.outcomes is not None and self.outcomes.get(test) != junit.PASSED
                return f"{OPEN + ', the developer: ' if failed else ''}{self.test(test)}"
            case ByFigure(figure=name):
                found = self.figures.get(name)
                if found is None:
                    return f"{OPEN}, the developer: figure `{name}` was not given"
                holds = found.holds.strip("*") or "not told"
                told = f"`{name}` {found.value}; target {found.target}; holds: {holds}"
                return told if holds == HOLDS else f"{OPEN}, the developer: {told}"
            case ByFile(file=name):
                sha256 = self.run.provenance["outputs"].get(name)
                return (
                    f"`{name}`, SHA-256 {sha256}"
                    if sha256
                    else f"{OPEN}, the developer: this run has no `{name}`"
                )
            case ByFact(fact=path, words=words):
                value = self.fact(path)
                return (
                    f"{words}: {_plain(value)}"
                    if value is not None
                    else f"{OPEN}, whoever makes the run: {words} is not told by this run"
                )
            case ByDocument(document="human-involvement.md") if not (self.involvement or {}).get("decisions"):
                return f"{OPEN}, the service's operator: no decision about this run is told"
            case ByDocument(document="model-card.md") if self.fact("model.id") is None:
                return f"{OPEN}, whoever makes the run: [model-card.md](model-card.md) has no model"
            case ByDocument(document=name):
                return f"[{name}]({name})"
            case _:
                return f"{OPEN}, {evidence.who}: {evidence.open}"

    def state(self, evidence: tuple[Evidence, ...]) -> str:
        """Return whether all of it, some of it or nothing answers; a test answers only once a build showed it."""
        is_open = [self.answer(each).startswith(OPEN) for each in evidence]
        if any(is_open):
            return OPEN if all(is_open) else f"partly {OPEN}"
        is_unread = self.outcomes is None and any(isinstance(each, ByTest) for each in evidence)
        return UNREAD if is_unread else ANSWERED


def write_pack(out: Path, sources: Sources) -> list[Path]:
    """Write every document and the manifest into a folder; the same sources give the same bytes."""
    if out.resolve().is_relative_to(sources.run.folder.resolve()):
        raise UserError(
            f"{out} lies in the folder of the run, which never changes. Name a folder outside it with --out."
        )
    pages = _pages(sources)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            (out / name).write_bytes(text.encode())
    except OSError as error:
        raise UserError(
            f"The documents cannot be written to {out}. Name a folder that you may write to with --out."
        ) from error
    return [out / name for name in pages]


def _pages(sources: Sources) -> dict[str, str]:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # Markdown; every cell goes through the filter below
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = _cell
    run_digest = digest(sources.run.folder / PROVENANCE)
    given = {
        "sources": sources,
        "run": sources.run,
        "contracts": contracts.load().values(),
        "run_digest": run_digest,
        "small_numbers": NHS_ENGLAND,
        "privacy_classes": contracts.PRIVACY_CLASSES,
        "unacceptable_from": hazards.UNACCEPTABLE_FROM,
        "card": _scorecard(sources.run),
        "quick_seconds": involvement.QUICK_SECONDS,
        "token_from": involvement.TOKEN_GESTURE_FROM,
    }
    pages = {
        template.removesuffix(".jinja"): environment.get_template(template).render(given)
        for template in environment.list_templates()
        if template.endswith(".md.jinja") and template != OF_A_STANDARD
    }
    for standard in sources.standards:
        pages[f"{standard.id}.md"] = environment.get_template(OF_A_STANDARD).render(given, standard=standard)
    pages = dict(sorted(pages.items()))
    return pages | {MANIFEST: _manifest(sources, run_digest, pages)}


def _manifest(sources: Sources, run_digest: str, pages: Mapping[str, str]) -> str:
    told = {
        "run": sources.run.run,
        "run_sha256": run_digest,
        "command": sources.command,
        "documents": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in pages.items()},
        "hazards": {each.id: each.residual.risk for each in sources.hazards},
        "requirements": {
            standard.id: {each.id: sources.state(each.evidence) for each in standard.requirements}
            for standard in sources.standards
        },
        "tests_not_passed": None if sources.outcomes is None else sources.not_passed,
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def _scorecard(run: Worklist) -> dict[str, Any] | None:
    file = run.folder / "scorecard.json"
    if not file.is_file():
        return None
    told: dict[str, Any] = json.loads(file.read_bytes())
    return told


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cell(value: Any) -> str:
    """Return a value as one cell of a Markdown table, in which nothing opens markup or another cell."""
    words = OPEN if value is None else _plain(value)
    for sign, instead in (("\\", "\\\\"), ("|", "\\|"), ("<", "&lt;"), ("\r", " "), ("\n", " ")):
        words = words.replace(sign, instead)
    return words
