"""The feeds as data: where each one's rows stand, what its locality and period are, and what it can tell."""

from __future__ import annotations

from dataclasses import dataclass

ANY = "any"
"""Stands for the locality of a feed of which nothing was ever received and of which no council is expected."""

HEALTH, EDUCATION, SOCIAL_CARE = "health", "education", "social care"


@dataclass(frozen=True)
class FeedLimits:
    """How old a feed may be, and how small against what is usual, before it counts as stale or shrunk."""

    stale_after_days: int
    shrunk_below: float


@dataclass(frozen=True, kw_only=True)
class Feed:
    """One return. `tells` are the snapshot's tables that it fills, alone or beside another feed.

    `is_optional` feeds are asked only of whoever ever sent them, unless the policy names them: a list can be made where
    no council sends its live records. `usual` holds where the policy names no limits of its own. Rows of a weekly feed
    are counted as a week's mean of each month, so that the number of weeks in a month makes no difference.
    """

    name: str
    words: str
    partner: str
    table: str
    locality: str
    period: str
    tells: tuple[str, ...]
    usual: FeedLimits
    holder: str | None = None
    is_weekly: bool = False
    is_optional: bool = False

    @property
    def comes_from_councils(self) -> bool:
        return self.partner != HEALTH


FEEDS = {
    feed.name: feed
    for feed in (
        Feed(
            name="csds",
            words="Community Services Data Set",
            partner=HEALTH,
            table="csds_referral",
            locality="provider_code",
            period="period_ended_on",
            holder="patient",
            tells=("patient", "past_referral", "contact", "urgent_care", "disability", "development_score"),
            usual=FeedLimits(92, 0.5),
        ),
        Feed(
            name="mhsds",
            words="Mental Health Services Data Set",
            partner=HEALTH,
            table="mhsds_referral",
            locality="provider_code",
            period="period_ended_on",
            holder="patient",
            is_optional=True,
            tells=("patient", "past_referral", "contact"),
            usual=FeedLimits(92, 0.5),
        ),
        Feed(
            name="wlmds",
            words="Waiting List Minimum Data Set",
            partner=HEALTH,
            table="wlmds_open_pathway",
            locality="pathway_issuer_code",
            period="week_ended_on",
            is_weekly=True,
            tells=(),
            usual=FeedLimits(35, 0.5),
        ),
        Feed(
            name="school_census",
            words="School Census",
            partner=EDUCATION,
            table="school_census_pupil",
            locality="la_code",
            period="census_on",
            holder="pupil",
            tells=("pupil", "school_need", "exclusion"),
            usual=FeedLimits(270, 0.5),
        ),
        Feed(
            name="attendance",
            words="attendance",
            partner=EDUCATION,
            table="attendance_week",
            locality="la_code",
            period="week_ended_on",
            holder="pupil",
            is_weekly=True,
            tells=("attendance",),
            usual=FeedLimits(63, 0.5),
        ),
        Feed(
            name="sen2",
            words="SEN2 return",
            partner=EDUCATION,
            table="sen2_person",
            locality="la_code",
            period="known_on",
            holder="pupil",
            tells=("ehc_plan", "ehc_request"),
            usual=FeedLimits(200, 0.5),
        ),
        Feed(
            name="cin_census",
            words="children in need census",
            partner=SOCIAL_CARE,
            table="cin_child",
            locality="la_code",
            period="known_on",
            holder="council_child",
            tells=("episode", "child_in_need_plan", "section47", "protection_plan", "assessment_factor"),
            usual=FeedLimits(200, 0.5),
        ),
        Feed(
            name="ssda903",
            words="SSDA903 return",
            partner=SOCIAL_CARE,
            table="looked_after_child",
            locality="la_code",
            period="known_on",
            holder="council_child",
            tells=("care_episode", "care_missing", "care_outcome"),
            usual=FeedLimits(200, 0.5),
        ),
        Feed(
            name="safeguarding",
            words="safeguarding dataset",
            partner=SOCIAL_CARE,
            table="safeguarding_episode",
            locality="la_code",
            period="known_on",
            holder="council_child",
            is_optional=True,
            tells=(
                "episode",
                "child_in_need_plan",
                "section47",
                "protection_plan",
                "care_episode",
                "care_missing",
                "care_outcome",
            ),
            usual=FeedLimits(35, 0.5),
        ),
    )
}
"""Every feed by name. The usual limits are ours, a little more than the time between two deliveries of a feed; a policy
names its own. Attendance stops over the summer: its nine weeks outlast the holidays. The safeguarding dataset is a
council's live records: older than five weeks, it says "no" of nobody. It is measured by its episodes, since a council
may send only who the children are, for linkage, which tells nothing about their need."""


def tellers_of(table: str) -> tuple[str, ...]:
    """Return the feeds that can tell of a snapshot table; none where a table needs no feed of its own.

    >>> tellers_of("protection_plan"), tellers_of("assessment_factor"), tellers_of("wait")
    (('cin_census', 'safeguarding'), ('cin_census',), ())
    """
    return tuple(feed.name for feed in FEEDS.values() if table in feed.tells)


TELLERS = tuple(dict.fromkeys(tellers_of(table) for feed in FEEDS.values() for table in feed.tells))
"""Every set of feeds that tell of the same tables, once."""
