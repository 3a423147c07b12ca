"""The contracts are valid to the standard's own tool, where it is installed: it needs an environment of its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from risk_model import contracts

TOOL = shutil.which("datacontract")


@pytest.mark.skipif(TOOL is None, reason="datacontract is not on the path: uv tool install datacontract-cli")
@pytest.mark.parametrize("file", contracts.files(), ids=lambda file: file.name)
def test_datacontract_lint_passes(file: Path) -> None:
    assert TOOL is not None
    done = subprocess.run([TOOL, "lint", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
