"""The go / no-go test as it was registered: `verdict.yaml`, read once, and its digest."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

FILE = Path(__file__).with_name("verdict.yaml")

Limits = Annotated[list[float], Field(min_length=2, max_length=2)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class ServiceTest(_Part):
    """What the rows of one service must not show, once the model passed on all of them."""

    fewest_events: int
    likelihood_gain_not_below: float
    advantage_not_below: float


class RegisteredTest(_Part):
    """The test, its limits, and on what it is held."""

    format: Literal["early-support-verdict/1"]
    registered_on: date
    held_out_landmarks: Annotated[int, Field(gt=0)]
    draws: Annotated[int, Field(gt=0)]
    interval: Limits
    top_share: Annotated[float, Field(gt=0, lt=1)]
    simple_rules: list[str]
    advantage_above: float
    slope_within: Limits
    likelihood_gain_above: float
    auc_not_above: float
    of_a_service: ServiceTest


_CONTENT = FILE.read_bytes()
TEST = RegisteredTest.model_validate(yaml.safe_load(_CONTENT))
DIGEST = hashlib.sha256(_CONTENT).hexdigest()
"""SHA-256 of the file: it names the test by which a model was judged."""
