"""The service starts fast and holds no model: the heavy libraries never come along."""

from __future__ import annotations

import subprocess
import sys

FORBIDDEN = ("sklearn", "shap", "mlflow", "risk_model.model", "risk_model.pipeline", "risk_model.registry")


def test_nothing_heavy_is_imported() -> None:
    look = f"import sys, service.app, service.__main__; print([m for m in {FORBIDDEN!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
