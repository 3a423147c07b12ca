"""The calendar of the cohort: Mondays, quarters, school terms and the days of partners' extracts."""

from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

Days = npt.NDArray[np.datetime64]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Booleans = npt.NDArray[np.bool_]
Strings = npt.NDArray[np.str_]

INDEX_DATE: Final = date(2026, 11, 20)
WINDOW_START: Final = date(2023, 4, 1)
HORIZON_WEEKS: Final = 26

LIVES_START: Final = np.datetime64("2016-04-04")
EVENTS_START: Final = np.datetime64("2023-04-03")
REFERRALS_START: Final = np.datetime64("2021-04-05")
END: Final = np.datetime64("2027-05-31")
INDEX_DAY: Final = np.datetime64(INDEX_DATE.isoformat())

MONDAYS: Final[Days] = np.arange(LIVES_START, END, 7)
EVENT_MONDAYS: Final[Days] = np.arange(EVENTS_START, END, 7)
FIRST_EVENT_WEEK: Final = int((EVENTS_START - LIVES_START) / np.timedelta64(7, "D"))
QUARTERS: Final[Days] = np.arange(np.datetime64("2016-04"), np.datetime64("2027-07"), 3).astype(
    "datetime64[D]"
)

TERM_ISO_WEEKS: Final = (
    *range(36, 43),
    *range(44, 51),
    *range(2, 7),
    *range(8, 14),
    *range(16, 22),
    *range(23, 30),
)
CENSUS_DAYS: Final = {"autumn": "10-01", "spring": "01-18", "summer": "05-18"}


def quarter_index(days: Days) -> Ints:
    """Which quarter of QUARTERS each day falls in."""
    return np.searchsorted(QUARTERS, days, side="right").astype(np.int64) - 1


def week_index(days: Days) -> Ints:
    """Which week of MONDAYS each day falls in."""
    return ((days - LIVES_START) // np.timedelta64(7, "D")).astype(np.int64)


def quarter_of(on: np.datetime64) -> int:
    """Which quarter of QUARTERS one day falls in."""
    return int(quarter_index(np.array([on]))[0])


def week_of(on: np.datetime64) -> int:
    """Which week of MONDAYS one day falls in."""
    return int(week_index(np.array([on]))[0])


def iso_weeks(mondays: Days) -> Ints:
    """The ISO week number of each Monday."""
    thursdays = mondays + np.timedelta64(3, "D")
    new_year = thursdays.astype("datetime64[Y]").astype("datetime64[D]")
    return np.asarray((thursdays - new_year).astype(np.int64) // 7 + 1)


def is_term_week(mondays: Days) -> Booleans:
    """True where schools are open in the week that starts on this Monday."""
    return np.isin(iso_weeks(mondays), TERM_ISO_WEEKS)


def school_year(days: Days) -> Ints:
    """The year in which the school year of each day began (a school year starts on 1 September)."""
    months = days.astype("datetime64[M]").astype(np.int64)
    return np.asarray((months - 8) // 12 + 1970)


def reception_year(born: Days) -> Ints:
    """The year in which each child starts Reception: the September after the fourth birthday."""
    return school_year(born) + 5


def age_years(born: Days, on: np.datetime64) -> Floats:
    """Age in years on a day, with decimals; negative before birth."""
    return ((on - born).astype(np.float32) / np.float32(365.25)).astype(np.float32)


def month_ends() -> Days:
    """The last day of each month that providers had submitted by the index date."""
    months = np.arange(np.datetime64("2023-04"), np.datetime64("2026-11"))
    return np.asarray((months + 1).astype("datetime64[D]") - np.timedelta64(1, "D"))


def quarter_ends() -> Days:
    """The last day of each quarter for which councils had sent a return by the index date."""
    ends = QUARTERS - np.timedelta64(1, "D")
    return ends[(ends > EVENTS_START) & (ends < np.datetime64("2026-10-01"))]


def landmarks() -> Days:
    """The days on which the truth is told: quarter starts of two years, then the index date."""
    starts = QUARTERS[(np.datetime64("2024-04-01") <= QUARTERS) & (np.datetime64("2026-04-01") >= QUARTERS)]
    return np.append(starts, INDEX_DAY)


def census_dates() -> list[tuple[str, np.datetime64]]:
    """School Census terms in order, each as its name (such as 2025_spring) and its census date."""
    dates = [
        (f"{year}_{term}", np.datetime64(f"{year}-{days}"))
        for year in range(2016, 2028)
        for term, days in CENSUS_DAYS.items()
    ]
    kept = [(name, on) for name, on in dates if LIVES_START < on < END]
    return sorted(kept, key=lambda pair: pair[1])
