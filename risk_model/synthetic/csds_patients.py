"""The CSDS patient table and disability table: each provider's record of a child in a month's submission."""

import numpy as np
import polars as pl

from risk_model.synthetic.calibration import Calibration
from risk_model.synthetic.clock import EVENTS_START, Days, Strings, month_ends, quarter_index
from risk_model.synthetic.needs import COGNITION, PHYSICAL
from risk_model.synthetic.recording import (
    HEALTH_ETHNICITY,
    HEALTH_LANGUAGE,
    Records,
    schools_on,
)
from risk_model.synthetic.social_care import LOOKED_AFTER, PROTECTION_PLAN
from risk_model.synthetic.world import World

NEEDS_CONSTANT_SUPERVISION = 2.2
IS_DISABLED = 1.8


def patients(
    calibration: Calibration, world: World, records: Records, sent: pl.DataFrame, local: pl.DataFrame
) -> pl.DataFrame:
    """One row per patient of the month's referrals, as that provider knows the child."""
    children = world.children
    who = sent["child"].to_numpy()
    ends = month_ends()[sent["month"].to_numpy()]
    weeks = (ends - EVENTS_START).astype(np.int64) // 7
    states = np.where(records.is_flagged[who], world.social_care.states[weeks.clip(0), who], 0)
    physical = world.needs.levels[quarter_index(ends), who, PHYSICAL]
    details = _details(records, sent, ends)
    number = details["identifier"]
    school = np.where(_as_known(records, sent, "urn") == "", "", schools_on(world, records, ends, who))
    languages = np.array([HEALTH_LANGUAGE[code] for code in children.language])
    named = sent.join(local, on=["provider", "record"], how="left", maintain_order="left")
    return pl.DataFrame(
        {
            "UniqueSubmissionID": named["UniqueSubmissionID"],
            "LocalPatientID": named["LocalPatientID"],
            "OrgID_Provider": named["provider"],
            "OrgID_LocalPatientID": named["provider"],
            "OrgID_EducationEstablishment": school,
            "NHSNumber": number,
            "NHSNumber_Status": _as_known(records, sent, "status"),
            "DateOfBirth": _as_known(records, sent, "born").astype("datetime64[D]"),
            "Postcode": details["postcode"],
            "Gender": _sex(calibration, world, sent, ends),
            "EthnicCategory": HEALTH_ETHNICITY[children.ethnicity[who]],
            "LanguagePreferred": languages[who],
            "ChildLookedAfter_Indicator": np.where(states == LOOKED_AFTER, "Y", "N"),
            "Safeguarding_Indicator": np.where(states >= PROTECTION_PLAN, "Y", "N"),
            "Disability_SupervisionAndCare_Indicator": np.where(
                physical > NEEDS_CONSTANT_SUPERVISION, "Y", "N"
            ),
            "LocalAuthority": np.full(who.size, world.council.ons_code),
        }
    ).with_columns(
        pl.when(pl.col(name) != "").then(name).alias(name)
        for name in ("NHSNumber", "OrgID_EducationEstablishment")
    )


def _sex(calibration: Calibration, world: World, sent: pl.DataFrame, ends: Days) -> Strings:
    """Sex in digits, and from some day on in letters: a provider's new system writes the same thing differently."""
    since = {code: calibration.day("record.csds_sex_in_letters", code) for code in world.council.providers}
    provider = sent["provider"].to_numpy()
    is_letter = np.zeros(provider.size, dtype=np.bool_)
    for code, day in since.items():
        is_letter |= (provider == code) & (ends >= day)
    is_boy = world.children.boy[sent["child"].to_numpy()] == 1
    return np.where(is_letter, np.where(is_boy, "M", "F"), np.where(is_boy, "1", "2"))


def disabilities(world: World, sent: pl.DataFrame, local: pl.DataFrame) -> pl.DataFrame:
    """Disability codes, sent with the first submission that holds the patient."""
    first = sent.unique(subset=["provider", "record"], keep="first", maintain_order=True)
    quarter = quarter_index(month_ends()[first["month"].to_numpy()])
    level = world.needs.levels[quarter, first["child"].to_numpy()]
    named = first.join(local, on=["provider", "record"], how="left", maintain_order="left")
    rows = [
        named.filter(pl.Series(level[:, dimension] > IS_DISABLED)).with_columns(Disability=pl.lit(code))
        for dimension, code in ((PHYSICAL, "05"), (COGNITION, "04"))
    ]
    columns = (
        "UniqueSubmissionID",
        "LocalPatientID",
        pl.col("provider").alias("OrgID_Provider"),
        "Disability",
    )
    return pl.concat(rows).sort("UniqueSubmissionID", "LocalPatientID", "Disability").select(*columns)


def _as_known(records: Records, sent: pl.DataFrame, field: str) -> Strings:
    """A field of each row's record, which does not change."""
    who = sent["record"].to_numpy()
    provider = sent["provider"].to_numpy()
    values = None
    for code, identity in records.health.items():
        own = provider == code
        of_provider = getattr(identity, field)
        values = np.zeros(who.size, dtype=of_provider.dtype) if values is None else values
        values[own] = of_provider[who[own]]
    return np.asarray(values)


def _details(records: Records, sent: pl.DataFrame, ends: Days) -> pl.DataFrame:
    """Number and address of each row's record as they stood at the end of its month."""
    order = pl.Series("place", np.arange(sent.height))
    rows = sent.select("provider", "record", order)
    parts = []
    for code, identity in records.health.items():
        own = rows.filter(pl.col("provider") == code)
        place = own["place"].to_numpy()
        found = identity.at(own["record"].to_numpy(), ends[place])
        parts.append(found.select("identifier", "postcode", place=pl.Series(place)))
    return pl.concat(parts).sort("place")
