"""What the service writes about itself: one JSON line per event, with a request's number and never a child's.

Addresses name referrals, and messages of errors may hold what somebody sent: neither is written.
"""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path

import structlog

OUR_CODE = Path(__file__).resolve().parents[1]
DEEPEST_PLACES = 5


def configure() -> None:
    """Write events as JSON lines to standard error, those of libraries from warnings on."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


def places(error: BaseException) -> list[str]:
    """Return where in our code an error came up, deepest last: file and line, never its message or a value."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(OUR_CODE / "service")]
    return [f"{Path(frame.filename).name}:{frame.lineno}" for frame in ours[-DEEPEST_PLACES:]]
