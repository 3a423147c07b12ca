"""What was known on the index date, and nothing later.

`gather` puts every record under the child's pseudonym once; `take` cuts at *knowledge* time, as often as there are
landmarks. `outcomes` is the one function that may look past the index date.
"""

from risk_model.snapshot.gaps import column_of
from risk_model.snapshot.outcomes import HORIZON_DAYS, KINDS, PARTS, landmarks, outcomes
from risk_model.snapshot.records import Frames, Gathered, gather, known_frames, last_known_on
from risk_model.snapshot.take import LAST_AGE_YEARS, Snapshot, services_waited_for, take
from risk_model.snapshot.unused import not_used

__all__ = [
    "HORIZON_DAYS",
    "KINDS",
    "LAST_AGE_YEARS",
    "PARTS",
    "Frames",
    "Gathered",
    "Snapshot",
    "column_of",
    "gather",
    "known_frames",
    "landmarks",
    "last_known_on",
    "not_used",
    "outcomes",
    "services_waited_for",
    "take",
]
