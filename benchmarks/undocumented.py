"""Whether the running service ever answers what its own description does not say, or fails: asked by Schemathesis."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx2

from benchmarks import journey, pages
from benchmarks.harness import Figure, Measured

MINUTES = 5
NO_FINDING, FINDINGS = 0, 1
NOT_ASKED = "positive_data_acceptance"
"""A decision without its reason fits the schema and is refused, as documented: the rule spans fields."""


@dataclass(frozen=True)
class Asked:
    """What came of asking for a while: how many requests were made up, and what was found, by operation."""

    cases: int
    findings: tuple[str, ...]


def ask(address: str, token: str, known: Mapping[str, str], *limits: str) -> Asked:
    """Ask every operation of the API description with made-up values, its addresses with the known ones.

    Limits are options of `schemathesis run`, such as `--max-time 60`.
    """
    with tempfile.TemporaryDirectory() as folder:
        config, report = Path(folder) / "schemathesis.toml", Path(folder) / "report.json"
        values = "\n".join(f"{name} = {json.dumps(value)}" for name, value in known.items())
        config.write_text(f"[parameters]\n{values}\n", encoding="utf-8")
        command = [Path(sys.executable).parent / "schemathesis", "--config-file", config, "--no-color"]
        command += ["run", f"{address}/v1/openapi.json", *limits, "--continue-on-failure"]
        command += ["--header", f"Authorization: Bearer {token}", "--exclude-checks", NOT_ASKED]
        command += ["--report", "json", "--report-json-path", report, "--warnings", "off"]
        done = subprocess.run(
            [str(word) for word in command], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode not in (NO_FINDING, FINDINGS) or not report.exists():
            raise RuntimeError(f"Schemathesis could not ask: {done.stdout[-1000:]}{done.stderr[-1000:]}")
        told = json.loads(report.read_text(encoding="utf-8"))
    findings = [
        f"{found['title']}: {operation}" for found in told["failures"] for operation in found["operations"]
    ]
    errors = [str(error.get("title", "error")) for error in told["errors"]]
    return Asked(told["test_cases"]["generated"], (*findings, *errors))


def undocumented_answers() -> Measured:
    """Half of the time with made-up addresses, half with those of a child that is there."""
    journey.ensure()
    with tempfile.TemporaryDirectory() as folder:
        key = {"EARLY_SUPPORT_DEMO_KEY": str(Path(folder) / "key.json")}
        with pages.served(**key) as address:
            token = _token(key)
            asked = [
                ask(address, token, known, "--max-time", str(30 * MINUTES))
                for known in ({}, somebody(address, token))
            ]
    findings = [finding for each in asked for finding in each.findings]
    details = {"requests": sum(each.cases for each in asked), "findings": findings}
    return Measured(len(findings), not findings, details)


def somebody(address: str, token: str) -> dict[str, str]:
    """Return what the address of the first child of the person's first list is made of."""
    with httpx2.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}) as client:
        service = client.get("/v1/services").json()[0]
        row = client.get(f"/v1/lists/{service['service_id']}").json()["rows"][0]
    return {"service": service["service_id"], "run": service["run"], "referral": row["referral_id"]}


def _token(environment: Mapping[str, str]) -> str:
    command = [sys.executable, "-m", "service", "token", "r-demo"]
    done = subprocess.run(
        command, env=os.environ | dict(environment), capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


FIGURES = [
    Figure(
        "undocumented_answers",
        f"answers of the API that its description does not say, and failures, in {MINUTES} minutes of Schemathesis",
        "answers",
        "0",
        undocumented_answers,
    ),
]
