"""The figures and tables that ship with this package, read once."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

# the parser in C reads the calibration eight times as fast; a PyYAML built without it reads the same
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def table(name: str) -> dict[str, Any]:
    """What a YAML file of this package holds; nobody may change it."""
    text = files("risk_model.synthetic").joinpath(name).read_text(encoding="utf-8")
    return dict(yaml.load(text, Loader=LOADER))
