"""Stage 8, the queues: weekly capacity, urgent children first, removals, missed and kept contacts."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import (
    FIRST_EVENT_WEEK,
    INDEX_DAY,
    MONDAYS,
    REFERRALS_START,
    Booleans,
    Days,
    Floats,
    Ints,
    Strings,
    iso_weeks,
    week_index,
)
from risk_model.synthetic.councils import Council
from risk_model.synthetic.needs import ADVERSITY, Needs
from risk_model.synthetic.population import Children
from risk_model.synthetic.referrals import URGENT, Service, services
from risk_model.synthetic.social_care import PROTECTION_PLAN, SocialCare

SEEN: Final = "seen"
AUGUST: Final = (31, 32, 33, 34, 35)


@dataclass(frozen=True)
class Queues:
    """Referrals with the way each ended, and every contact that was booked."""

    referrals: pl.DataFrame
    contacts: pl.DataFrame


def run(
    calibration: Calibration,
    seed: int,
    children: Children,
    needs: Needs,
    social_care: SocialCare,
    referrals: pl.DataFrame,
    where: tuple[Council, int],
) -> Queues:
    """Every service's list from two years before the window to the index date, a week at a time."""
    lists, contacts = [], []
    council, residents = where
    for position, line in enumerate(services(calibration, council)):
        rng = stream(seed, f"queues.{line.service_id}")
        queue = _Queue(calibration, rng, line, children, needs, social_care, residents)
        own = referrals.filter(pl.col("service") == position).sort("on", "child")
        queue.work_through(own)
        frame = queue.referrals(own)
        lists.append(frame)
        contacts.append(queue.contacts().with_columns(service=pl.lit(position, pl.Int64)))
    merged = pl.concat(lists).filter(pl.col("outcome") != "refused")
    return Queues(
        merged.sort("service", "row"), pl.concat(contacts).sort("service", "row", "on", "attendance")
    )


class _Queue:
    """One service's list: entries are rows of its referrals, in the order they arrived."""

    def __init__(
        self,
        calibration: Calibration,
        rng: np.random.Generator,
        line: Service,
        children: Children,
        needs: Needs,
        social_care: SocialCare,
        residents: int,
    ) -> None:
        self.rng, self.line, self.children, self.needs, self.social_care = (
            rng,
            line,
            children,
            needs,
            social_care,
        )
        self.figures = calibration.numbers("queue")
        self.target = float(line.figures["list_size"]) * line.residents(children, residents) / 52_000
        self.growth = float(line.figures["growth"])
        self.booked: list[tuple[Ints, Days, Strings, Booleans]] = []

    def work_through(self, own: pl.DataFrame) -> None:
        """Serve and remove, week by week, until the index date."""
        self.who = own["child"].to_numpy()
        count = self.who.size
        self.arrived = week_index(own["on"].to_numpy())
        self.received: Days = own["on"].to_numpy()
        self.pace = np.exp(self.rng.normal(0, float(self.line.figures["pace_sd"]), count))
        self.pace[own["priority"].to_numpy() == URGENT] *= self.figures["urgent_pace"]
        self.ready = self.arrived + 2
        self.missed = np.zeros(count, dtype=np.int64)
        self.seen_on = np.full(count, np.datetime64("NaT"), dtype="datetime64[D]")
        self.ended_on = np.full(count, np.datetime64("NaT"), dtype="datetime64[D]")
        self.outcome = np.full(count, "waiting", dtype="U16")
        self.on_list = np.zeros(self.children.count, dtype=np.bool_)
        waiting: Ints = np.empty(0, dtype=np.int64)
        carried = 0.0
        arrivals_per_week = count / max(
            1, (week_index(np.array([INDEX_DAY]))[0] - week_index(np.array([REFERRALS_START]))[0])
        )
        for week in range(int(self.arrived.min()), int(week_index(np.array([INDEX_DAY]))[0]) + 1):
            waiting = self._join(waiting, week)
            waiting = self._remove(waiting, week)
            capacity = self._capacity(waiting.size, week, arrivals_per_week) + carried
            slots = int(capacity)
            carried = capacity - slots
            waiting = self._serve(waiting, week, slots)

    def _capacity(self, waiting: int, week: int, arrivals: float) -> float:
        years_left = (MONDAYS.size - week) / 52.18
        target = self.target / (1 + self.growth) ** years_left
        pressure = np.clip(1 + 1.5 * (waiting / target - 1), 0.35, 1.6)
        season = 0.45 if iso_weeks(MONDAYS[week : week + 1])[0] in AUGUST else 1.06
        return float(arrivals * self.figures["capacity_share"] * pressure * season)

    def _join(self, waiting: Ints, week: int) -> Ints:
        new = np.arange(
            np.searchsorted(self.arrived, week), np.searchsorted(self.arrived, week, side="right")
        )
        _, first = np.unique(self.who[new], return_index=True)
        fresh = np.zeros(new.size, dtype=np.bool_)
        fresh[first] = True
        joins = fresh & ~self.on_list[self.who[new]]
        self.outcome[new[~joins]] = "refused"
        self.on_list[self.who[new[joins]]] = True
        return np.concatenate([waiting, new[joins]])

    def _remove(self, waiting: Ints, week: int) -> Ints:
        """Take children off unseen: no longer in need, gone private, moved or grown up."""
        who = self.who[waiting]
        monday = MONDAYS[week]
        day = np.minimum(monday + self.rng.integers(0, 5, waiting.size).astype("timedelta64[D]"), INDEX_DAY)
        reason = np.full(waiting.size, "", dtype="U16")
        draw = self.rng.random(waiting.size)
        private = self.figures["private_weekly"] * np.exp(0.5 * (self.children.quintile[who] - 3))
        reason[draw < self.figures["no_longer_needed_weekly"] + private] = "private"
        reason[draw < self.figures["no_longer_needed_weekly"]] = "no_longer_needed"
        new = week - self.arrived[waiting] == 3
        reason[new & (self.rng.random(waiting.size) < self.figures["inappropriate_share"])] = "inappropriate"
        reason[self.children.moved_out[who] <= monday] = "moved_away"
        age = (monday - self.children.born[who]).astype(np.float64) / 365.25
        reason[age >= min(18.0, float(self.line.figures["ages"][1]) + 2)] = "aged_out"
        leaves = reason != ""
        self._end(waiting[leaves], day[leaves], reason[leaves])
        return np.asarray(waiting[~leaves])

    def _end(self, rows: Ints, day: Days, outcome: Strings) -> None:
        self.ended_on[rows] = np.maximum(day, self.received[rows])
        self.outcome[rows] = outcome
        self.on_list[self.who[rows]] = False

    def _serve(self, waiting: Ints, week: int, slots: int) -> Ints:
        """Offer the week's slots; a child who was not brought waits for another."""
        ready = waiting[self.ready[waiting] <= week]
        order = np.argsort(-(week - self.arrived[ready] + 1) * self.pace[ready], kind="stable")
        offered = ready[order[:slots]]
        day = MONDAYS[week] + self.rng.integers(0, 5, offered.size).astype("timedelta64[D]")
        offered, day = offered[day <= INDEX_DAY], day[day <= INDEX_DAY]
        draw = self.rng.random(offered.size)
        missed_chance = self._not_brought(offered, week)
        missed = draw < missed_chance
        cancelled = ~missed & (draw < missed_chance + self.figures["cancelled_share"])
        self._book(offered[missed], day[missed], np.where(self.rng.random(int(missed.sum())) < 0.8, "3", "7"))
        self._book(
            offered[cancelled],
            day[cancelled],
            np.where(self.rng.random(int(cancelled.sum())) < 0.5, "2", "4"),
        )
        self.missed[offered[missed]] += 1
        self.ready[offered[missed | cancelled]] = week + self.rng.integers(
            4, 12, int((missed | cancelled).sum())
        )
        gone = offered[missed & (self.missed[offered] >= 2)]
        gone = gone[self.rng.random(gone.size) < self.figures["discharged_after_two_missed"]]
        self._end(
            gone,
            np.broadcast_to(MONDAYS[week] + np.timedelta64(4, "D"), gone.shape),
            np.full(gone.size, "not_brought"),
        )
        seen = ~missed & ~cancelled
        self._book(offered[seen], day[seen], np.where(self.rng.random(int(seen.sum())) < 0.93, "5", "6"))
        self._treat(offered[seen], day[seen])
        return waiting[~np.isin(waiting, offered[seen]) & ~np.isin(waiting, gone)]

    def _not_brought(self, rows: Ints, week: int) -> Floats:
        who = self.who[rows]
        window_week = max(week - FIRST_EVENT_WEEK, 0)
        level = self.needs.levels[min(int((week) // 13), self.needs.levels.shape[0] - 1), who, ADVERSITY]
        odds = self.figures["not_brought_odds"] * np.exp(0.25 * level)
        odds = odds * np.where(
            self.social_care.states[window_week, who] == PROTECTION_PLAN,
            self.figures["not_brought_plan_factor"],
            1,
        )
        return np.asarray(odds / (1 + odds), dtype=np.float32)

    def _treat(self, rows: Ints, day: Days) -> None:
        """After the first contact: none to three more, then discharge."""
        self.seen_on[rows] = day
        self.outcome[rows] = SEEN
        self.on_list[self.who[rows]] = False
        more = self.rng.integers(0, 4, rows.size)
        end = day + self.rng.integers(0, 14, rows.size).astype("timedelta64[D]")
        for contact in range(1, 4):
            has = more >= contact
            later = day[has] + (contact * self.rng.integers(14, 36, int(has.sum()))).astype("timedelta64[D]")
            self._book(
                rows[has], later, np.where(self.rng.random(int(has.sum())) < 0.9, "5", "3"), follow_up=True
            )
            end[has] = np.maximum(end[has], later + np.timedelta64(7, "D"))
        self.ended_on[rows] = end

    def _book(
        self,
        rows: Ints,
        day: Days,
        attendance: Strings,
        follow_up: bool = False,
    ) -> None:
        self.booked.append((rows, day, attendance, np.full(rows.size, follow_up)))

    def contacts(self) -> pl.DataFrame:
        """Every booked contact up to the index date."""
        columns = [np.concatenate(values) for values in zip(*self.booked, strict=True)]
        booked = pl.DataFrame(dict(zip(("row", "on", "attendance", "is_follow_up"), columns, strict=True)))
        return booked.filter(pl.col("on") <= INDEX_DAY.astype(object))

    def referrals(self, own: pl.DataFrame) -> pl.DataFrame:
        """The service's referrals with first contact, end and outcome, as known on the index date."""
        known = np.where(self.ended_on > INDEX_DAY, np.datetime64("NaT"), self.ended_on)
        return own.with_row_index("row").with_columns(
            pl.col("row").cast(pl.Int64),
            seen_on=pl.Series(self.seen_on),
            ended_on=pl.Series(known.astype("datetime64[D]")),
            outcome=pl.Series(self.outcome),
            missed=pl.Series(self.missed),
        )
