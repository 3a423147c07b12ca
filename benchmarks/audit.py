"""Whether tampering is found, and how long an auditor waits for a million entries."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks import tampering
from benchmarks.harness import Figure, Measured
from service.audit import verify_audit
from service.audit.exporting import write
from service.audit.proofs import Tree, inclusion_text
from service.audit.signing import LogKey, verifier_line
from service.audit.verify_audit import Entry, NotProvenError, commit, open_proof

PROOFS, PROCESSES = 1_000, 2
BITS = 8
MILLION, MOST_SECONDS = 1_000_000, 60
HEAD_EVERY = 1_000
KEY = LogKey("early-support/log-benchmark", b"s" * 32)


def tampers_found() -> Measured:
    """Tamperings that were found, and flips of every bit of a thousand proofs that were refused."""
    with tempfile.TemporaryDirectory() as folder:
        untouched = tampering.fill(Path(folder))
        missed = [each.name for each in tampering.TAMPERINGS if not _is_found(untouched, each, Path(folder))]
    parts = [range(start, PROOFS, PROCESSES) for start in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES) as pool:
        flips, accepted = map(sum, zip(*pool.map(accepted_flips, parts), strict=True))
    tried = len(tampering.TAMPERINGS) + flips
    details = {
        "tamperings": len(tampering.TAMPERINGS),
        "tamperings_missed": missed,
        "flips": flips,
        "flips_accepted": accepted,
    }
    return Measured(float(tried - len(missed) - accepted), not missed and not accepted, details)


def accepted_flips(indexes: Sequence[int], size: int = PROOFS) -> tuple[int, int]:
    """Flip every bit of the proofs of some entries of a log; return how many flips, and how many were accepted."""
    entries = list(made_up_entries(size))
    grown = Tree(entry.commitment for entry in entries)
    note, key = KEY.sign(size, grown.root()), KEY.public
    flips = accepted = 0
    for index in indexes:
        entry = entries[index]
        assert entry.key is not None and entry.content is not None
        proof = inclusion_text(entry.key + entry.content, index, grown, note).encode()
        open_proof(proof.decode(), key)
        for bit in range(len(proof) * BITS):
            flipped = bytearray(proof)
            flipped[bit // BITS] ^= 1 << bit % BITS
            flips += 1
            try:
                open_proof(flipped.decode(), key)
                accepted += 1
            except (NotProvenError, UnicodeDecodeError):
                pass
    return flips, accepted


def audit_million_seconds(count: int = MILLION) -> Measured:
    """Seconds of the offline verifier, in a process of its own, over an export of a million entries."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        export, key = folder / "log.export", folder / "log.vkey"
        key.write_text(verifier_line(KEY.public))
        frontier = verify_audit.Frontier()
        notes: list[str] = []
        write(export, _signing(count, frontier, notes), notes)
        command = [sys.executable, "-I", verify_audit.__file__, str(export), "--key", str(key)]
        started = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - started
        details = {"said": done.stdout.strip()[:60], "export_mb": round(export.stat().st_size / 1e6)}
    return Measured(round(seconds, 1), done.returncode == 0 and seconds <= MOST_SECONDS, details)


def made_up_entries(count: int) -> Iterator[Entry]:
    """Looks of the size and form that the service writes, under keys that anybody may know."""
    for number in range(1, count + 1):
        told = {
            "sequence": number, "at": "2026-11-23T09:00:00.000+00:00", "person_id": "r-demo", "person_name": "R. Demo",
            "role": "clinician", "organisation_code": "NR5", "purpose": "direct care", "action": "read_child",
            "run": tampering.RUN, "service_id": tampering.SERVICE, "referral_id": f"nr5ref{number:07d}", "details": {},
        }  # fmt: skip
        content = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
        key = number.to_bytes(32, "big")
        yield Entry(number, commit(key, content), key, content)


def _signing(count: int, frontier: verify_audit.Frontier, notes: list[str]) -> Iterator[Entry]:
    """Give the entries on and sign a head every so many, as the log does."""
    for entry in made_up_entries(count):
        frontier.push(verify_audit.leaf_hash(entry.commitment))
        if entry.sequence % HEAD_EVERY == 0 or entry.sequence == count:
            notes.append(KEY.sign(frontier.size, frontier.root()))
        yield entry


def _is_found(untouched: tampering.Filled, tried: tampering.Tampering, folder: Path) -> bool:
    copy = folder / "copy.db"
    shutil.copyfile(untouched.file, copy)
    verdict = tampering.tamper(dataclasses.replace(untouched, file=copy), tried)
    first, last = verdict.first_bad_entry, verdict.last_bad_entry
    return first is not None and last is not None and first <= tried.at <= last


FIGURES = [
    Figure(
        "tampers_found",
        "ways to tamper with the log that are found with the first bad entry named, and flips of every bit of "
        f"{PROOFS:,} proofs that are refused",
        "tampers",
        "all, none accepted",
        tampers_found,
    ),
    Figure(
        "audit_million_seconds",
        "the offline verifier over an export of 1,000,000 entries, in a process of its own",
        "s",
        f"at most {MOST_SECONDS} s",
        audit_million_seconds,
    ),
]
