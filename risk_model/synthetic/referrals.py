"""Stage 7, referrals to each service: need seen through biased eyes, shared recognition and cascades."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import (
    INDEX_DAY,
    QUARTERS,
    REFERRALS_START,
    Booleans,
    Floats,
    Ints,
    age_years,
    quarter_index,
)
from risk_model.synthetic.councils import Council
from risk_model.synthetic.needs import ADVERSITY, Needs
from risk_model.synthetic.population import Children

ROUTINE: Final = "1"
URGENT: Final = "2"


@dataclass(frozen=True)
class Service:
    """One service of one provider, with the team type that CSDS gives it."""

    service_id: str
    provider_code: str
    team_type_code: str
    is_consultant_led: bool
    catchment: int
    figures: dict[str, Any]

    def residents(self, children: Children, residents: int) -> float:
        """How many of the council's residents live in the catchment of this service."""
        return residents * float((children.catchment == self.catchment).mean())


def services(calibration: Calibration, council: Council) -> list[Service]:
    """The services the council's children wait for: every kind of the calibration in every catchment."""
    local = calibration.table("services.local")
    return [
        Service(
            service_id=f"{provider.lower()}-{name}",
            provider_code=provider,
            team_type_code=row["team_type"],
            is_consultant_led=bool(row.get("consultant_led", False)),
            catchment=position,
            figures=row | local.get(provider, {}).get(name, {}),
        )
        for position, catchment in enumerate(council.catchments)
        for name, row in calibration.table("services").items()
        for provider in [catchment.hospital if row["run_by"] == "hospital" else catchment.community]
    ]


def refer(
    calibration: Calibration,
    seed: int,
    children: Children,
    needs: Needs,
    recognised: Booleans,
    where: tuple[Council, int],
) -> pl.DataFrame:
    """Referrals (child, service position, day, priority) from two years before the window onwards."""
    rng = stream(seed, "referrals")
    council, residents = where
    lines = services(calibration, council)
    access = _access(calibration, rng, children)
    quarters = np.flatnonzero((REFERRALS_START.astype("datetime64[M]") <= QUARTERS) & (QUARTERS <= INDEX_DAY))
    cascades = 1 + calibration.number("referral.cascade_share")
    last_year = QUARTERS[quarters] > INDEX_DAY - np.timedelta64(365, "D")
    more = (1 + calibration.number("drift.referrals_last_year") * last_year).astype(np.float32)
    rates = []
    for line in lines:
        share = line.residents(children, residents) / 52_000 / cascades
        rates.append(_rates(line, children, needs, recognised, access, quarters, share) * more[:, None])
    rows = []
    for position, rate in enumerate(rates):
        quarter, who = np.nonzero(rng.random(rate.shape, dtype=np.float32) < -np.expm1(-rate))
        start = QUARTERS[quarters[quarter]]
        day = start + rng.integers(0, 91, who.size).astype("timedelta64[D]")
        rows.append(pl.DataFrame({"child": who, "service": np.full(who.size, position), "on": day}))
    first = pl.concat(rows)
    everything = pl.concat([first, _cascade(calibration, rng, first, rates, quarters)])
    kept = everything.filter(pl.col("on") <= INDEX_DAY.astype(object)).sort("on", "child", "service")
    return _with_priority(calibration, rng, kept, needs, lines)


def _rates(
    line: Service,
    children: Children,
    needs: Needs,
    recognised: Booleans,
    access: Floats,
    quarters: Ints,
    share: float,
) -> npt.NDArray[np.float32]:
    """Expected referrals by quarter and child; scaled so that the yearly total is that of the calibration."""
    figures = line.figures
    weights = np.array(figures["weights"], dtype=np.float32)
    rate = np.zeros((quarters.size, children.count), dtype=np.float32)
    for row, quarter in enumerate(quarters):
        monday = QUARTERS[quarter] + np.timedelta64(45, "D")
        age = age_years(children.born, monday)
        low, high = figures["ages"]
        fits = (age >= low) & (age < high) & children.is_resident(monday)
        fits &= children.catchment == line.catchment
        peak = np.exp(-0.5 * ((age - figures["peak_age"]) / figures["age_spread"]) ** 2)
        linear = needs.levels[quarter] @ weights + access + np.float32(0.25) * recognised
        rate[row] = (
            fits
            * (0.15 + peak)
            * np.exp(linear)
            * (0.75 if QUARTERS[quarter].astype(object).month == 7 else 1.08)
        )
    per_year = figures["per_year"] * share
    growth = (1 + figures["growth"]) ** ((quarters - quarters[-1]) / 4)
    rate *= (growth[:, None] * per_year / 4 / rate.sum(axis=1).mean()).astype(np.float32)
    return rate


def _access(calibration: Calibration, rng: np.random.Generator, children: Children) -> Floats:
    """Who gets referred at equal need: recognition by child, less without English or in poor areas."""
    figures = calibration.numbers("referral.access")
    shared = rng.normal(0, figures["recognition_sd"], children.count)
    shared -= figures["eal"] * (children.language != "ENG")
    shared += figures["quintile"] * (children.quintile - 3)
    return shared.astype(np.float32)


def _cascade(
    calibration: Calibration,
    rng: np.random.Generator,
    first: pl.DataFrame,
    rates: list[npt.NDArray[np.float32]],
    quarters: Ints,
) -> pl.DataFrame:
    """A referral may lead to one for another service within half a year, where need is greatest."""
    chosen = rng.random(first.height) < calibration.number("referral.cascade_share")
    source = first.filter(pl.Series(chosen))
    who, service, on = (source[name].to_numpy() for name in ("child", "service", "on"))
    row = np.clip(quarter_index(on) - quarters[0], 0, quarters.size - 1)
    weights = np.stack([rate[row, who] for rate in rates], axis=1)
    weights[np.arange(who.size), service] = 0
    total = np.cumsum(weights, axis=1)
    pick = (rng.random(who.size)[:, None] * total[:, -1:] > total).sum(axis=1).clip(0, len(rates) - 1)
    later = on + rng.integers(3, 180, who.size).astype("timedelta64[D]")
    return pl.DataFrame({"child": who, "service": pick, "on": later}).filter(pl.Series(total[:, -1] > 0))


def _with_priority(
    calibration: Calibration,
    rng: np.random.Generator,
    referrals: pl.DataFrame,
    needs: Needs,
    lines: list[Service],
) -> pl.DataFrame:
    """The urgent flag is a noisy reading of severity: most of it is need, some of it is who asks."""
    who, service = referrals["child"].to_numpy(), referrals["service"].to_numpy()
    level = needs.levels[quarter_index(referrals["on"].to_numpy()), who]
    weights = np.array([line.figures["weights"] for line in lines], dtype=np.float32)[service]
    severity = (
        (level * weights).sum(axis=1)
        + 0.3 * level[:, ADVERSITY]
        + rng.normal(0, calibration.number("referral.severity_noise"), who.size)
    )
    urgent = severity > np.quantile(severity, 1 - calibration.number("referral.urgent_share"))
    return referrals.with_columns(priority=pl.Series(np.where(urgent, URGENT, ROUTINE)))
