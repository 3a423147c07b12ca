"""`scorecard.json`: what it may hold, how it is sealed, and why one is refused before anything is scored with it.

The JSON schema beside this module is made from these classes: `python -m risk_model.scorecard.document >
risk_model/scorecard/scorecard.schema.json`; a test holds it to them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from risk_model.errors import UserError
from risk_model.scorecard.tables import Scorecard

FORMAT = "early-support-scorecard/2"
FIRST_SERIAL = 1
NOT_OF_THE_FIT = ("id", "serial", "digest")
"""What names and seals a fit, and is no part of it: the same fit has the same id under every serial."""


class ScorecardRefused(UserError):  # noqa: N818 - what happened, as in PurposeRefused
    """A scorecard that does not hold what it must; the message begins with the name of the broken rule."""

    def __init__(self, rule: str, what: str) -> None:
        self.rule = rule
        super().__init__(
            f"The scorecard is refused, {rule}: {what}. Expected a scorecard.json as this version wrote it, unchanged. "
            "Nothing was scored. Restore the file, train again, or add --policy-only."
        )


class _Part(BaseModel):
    """Any part of the document: no key that is not described, no number that is not finite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True, frozen=True)


class TermPart(_Part):
    """One term: `values` has an entry for each interval between the `edges`; x <= edge belongs to the one below."""

    feature: str
    edges: list[float]
    values: Annotated[list[float], Field(min_length=1)]
    unknown: float
    unknown_as_fitted: float
    mean: float
    rises: bool
    used_for_place: bool
    is_group_factor: bool

    @model_validator(mode="after")
    def _holds_together(self) -> TermPart:
        """Edges rise, each interval has a value, and what rises is never lower for more of it nor for knowing it."""
        if any(low >= high for low, high in pairwise(self.edges)):
            raise PydanticCustomError("edges_do_not_rise", "its edges do not rise")
        if len(self.values) != len(self.edges) + 1:
            raise PydanticCustomError("values_do_not_fit_edges", "it has not one value more than edges")
        falls = any(low > high + 1e-12 for low, high in pairwise(self.values))
        is_outside = not self.values[0] - 1e-12 <= self.unknown <= self.values[-1] + 1e-12
        if self.rises and (falls or is_outside):
            raise PydanticCustomError("a_need_lowers", "a recorded need would lower a child")
        return self


class TablePart(_Part):
    """One table of terms, fitted or drawn."""

    base: float
    baseline_exposure: Annotated[float, Field(gt=0)]
    baseline_by_fortnight: Annotated[list[float], Field(min_length=1)]
    terms: list[TermPart]


class FormPart(_Part):
    """Which form was fitted, and the difference in held-out log-likelihood per child that decided."""

    form: Literal["boosting", "spline"]
    because: str
    log_likelihood_difference: float | None = None
    standard_error: float | None = None
    children: int | None = None


class WindowPart(_Part):
    """The quarter days of the fit, and the day up to which outcomes were followed, as ISO dates."""

    first_landmark: str
    last_landmark: str
    followed_until: str


class MadeFromPart(_Part):
    """What the fit was made from; nothing of a child."""

    landmarks: list[str] = []
    extracts: str | None = None
    rows: int
    children: int
    events: int
    events_by_part: dict[str, int]


class CalibrationPart(_Part):
    """Events expected and observed in a group of rows that were held out, with a 95 % interval of their ratio."""

    expected: float
    observed: int
    ratio: float
    low: float
    high: float


class InputPart(_Part):
    """How one feature was distributed in the rows of the fit, in each quarter of the year.

    A share for each interval between the edges, from the lowest, and a last one for "unknown".
    """

    feature: str
    edges: list[float]
    shares: dict[str, Annotated[list[float], Field(min_length=2)]]

    @model_validator(mode="after")
    def _holds_together(self) -> InputPart:
        if any(low >= high for low, high in pairwise(self.edges)):
            raise PydanticCustomError("edges_do_not_rise", "its edges do not rise")
        if any(len(shares) != len(self.edges) + 2 for shares in self.shares.values()):
            raise PydanticCustomError("values_do_not_fit_edges", "it has not two shares more than edges")
        return self


class InputsPart(_Part):
    """What the fit saw, to hold a later list against: the rows of each quarter, and every feature's distribution."""

    rows: dict[str, Annotated[int, Field(ge=1)]]
    features: list[InputPart]


class Document(TablePart):
    """The model of record: the fitted table, its bootstrap tables, and what they were made from."""

    format: Literal["early-support-scorecard/2"]
    id: str
    serial: Annotated[int, Field(ge=FIRST_SERIAL)]
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    horizon_weeks: int
    form: FormPart
    settings: dict[str, float]
    training_window: WindowPart
    made_from: MadeFromPart
    calibration: dict[str, CalibrationPart]
    inputs: InputsPart | None = None
    band_width: Annotated[float, Field(gt=0)] | None = None
    bootstrap: list[TablePart]


def sealed(document: Mapping[str, Any], *, serial: int = FIRST_SERIAL) -> Scorecard:
    """Return the scorecard of a fitted document, named by its own digest, numbered and sealed."""
    fitted = {key: value for key, value in document.items() if key not in NOT_OF_THE_FIT}
    named = {**fitted, "id": f"additive-{_digest(fitted)[:12]}", "serial": serial}
    return Scorecard({**named, "digest": _digest(named)})


def write(card: Scorecard) -> bytes:
    """Return the document as bytes, always the same for the same scorecard."""
    return (json.dumps(card.document, sort_keys=True, allow_nan=False, indent=1) + "\n").encode()


def read(content: bytes, *, least_serial: int = FIRST_SERIAL) -> Scorecard:
    """Return the scorecard of a JSON document, or refuse it by the name of the rule that it breaks.

    `least_serial` is the number of the newest scorecard that was ever approved: an older one does not come back unseen.
    """
    try:
        document = json.loads(content, object_pairs_hook=_without_twins)
    except (ValueError, RecursionError) as error:
        raise ScorecardRefused("not_json", "it cannot be read as JSON") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ScorecardRefused("another_format", f"it is not of the format {FORMAT}")
    try:
        Document.model_validate(document)
    except ValidationError as error:
        raise _refused(error) from None
    if document["digest"] != _digest({key: value for key, value in document.items() if key != "digest"}):
        raise ScorecardRefused("digest_does_not_match", "it was changed after it was sealed")
    if document["serial"] < least_serial:
        raise ScorecardRefused(
            "lower_serial", f"its serial is {document['serial']}, and {least_serial} was approved since"
        )
    return Scorecard(document)


def window(landmarks: list[date], followed_until: date) -> dict[str, str]:
    """Return the training window as the document keeps it."""
    first, last = min(landmarks), max(landmarks)
    return {
        "first_landmark": str(first),
        "last_landmark": str(last),
        "followed_until": str(followed_until),
    }


def schema() -> dict[str, Any]:
    """Return the JSON schema of the document."""
    described = Document.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described}


RULES = {
    "extra_forbidden": "unknown_key",
    "missing": "missing_key",
    "finite_number": "number_not_finite",
}


def _refused(error: ValidationError) -> ScorecardRefused:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(step) for step in first["loc"])
    rule = RULES.get(first["type"], first["type"])
    if rule == "number_not_finite" and "edges" in first["loc"]:
        rule = "infinite_edge"
    return ScorecardRefused(rule, f"at {where}")


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ScorecardRefused("key_given_twice", "a key stands in it twice")
    return dict(pairs)


def _digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    print(json.dumps(schema(), indent=1, sort_keys=True))
