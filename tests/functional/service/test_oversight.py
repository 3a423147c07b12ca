"""The pages of the commissioner, the auditor and the data steward."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from risk_model import worklist
from tests.functional.service import worklist_folder
from tests.functional.service.conftest import RUN, Visitor, child_address
from tests.functional.service.test_lists import text

COUNTS = 5
"""Waiting, three tiers, and those without a date; rates follow."""


def test_small_numbers_never_reach_the_commissioner(app: Any) -> None:
    page = Visitor(app, "c-demo").page("/demand")
    rows = [
        re.findall(r"<td[^>]*>(?:<strong>)?([^<]+)", row)
        for row in page.split("<tbody>")[1].split("<tr>")[1:]
    ]
    counts = [cell for _provider, *cells in rows for cell in cells[:COUNTS]]
    assert "*" in counts
    assert all(count in ("*", "0") or (int(count) % 5 == 0 and int(count) >= 10) for count in counts)
    rates = {
        "Hearing": ["12", "9", "growing", "11.5"],
        "Speech and language therapy": ["12", "9", "growing", "12"],
    }
    assert [cells[COUNTS + 1 :] for cells in rows] == list(rates.values())


def test_no_link_leads_a_commissioner_to_a_child(app: Any) -> None:
    assert "/lists" not in Visitor(app, "c-demo").page("/demand")


def test_an_auditor_reads_a_list_but_cannot_decide(app: Any) -> None:
    auditor = Visitor(app, "a-demo")
    assert "Your decision" not in auditor.page(child_address(3))


def test_a_run_that_agrees_says_so(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # The small run of these tests holds no features to compute again; what verify finds is tested with it.
    monkeypatch.setattr(worklist, "verify", worklist.check_seal)
    assert "The list agrees." in text(Visitor(app, "a-demo").page(f"/audit/runs/{RUN}"))


def test_a_changed_run_is_named_to_the_auditor_and_shown_to_nobody(tmp_path: Path, make_app: Any) -> None:
    worklists = _two_runs(tmp_path)
    (worklists / "2026-11-20-r2").rename(tmp_path / "later")
    make_app(worklists).state.parts.store.close()
    (tmp_path / "later").rename(worklists / "2026-11-20-r2")
    app = make_app(worklists)
    changed = tmp_path / "worklists" / "2026-11-20-r1" / "policy.yaml"
    changed.write_bytes(changed.read_bytes() + b"#")
    shown = text(Visitor(app, "a-demo").page("/audit/runs/2026-11-20-r1"))
    assert "The list does not agree: 1 finding." in shown
    assert "policy.yaml differs" in shown
    answer = Visitor(app, "r-demo").http.get("/lists/nr5-speech-and-language-therapy/2026-11-20-r1")
    assert answer.status_code == 503
    assert "is not as its run wrote it: policy.yaml differs" in text(answer.text)


def test_the_steward_sees_files_and_warnings(app: Any) -> None:
    shown = text(Visitor(app, "d-demo").page("/files"))
    assert "No looked-after return was found" in shown
    assert "Not a known return" in shown


def _two_runs(folder: Path) -> Path:
    worklists = folder / "worklists"
    worklist_folder.write(worklists)
    worklist_folder.write(worklists)
    return worklists
