"""How numbers of children and days are read, whatever a spreadsheet or a database has done to them.

Each table is a column as it was written, what is read of it (a dash: nothing), and what is said about it.
"""

from __future__ import annotations

import polars as pl
import pytest

from risk_model import contracts
from tests.reading import check

PATIENT = {"OrgID_Provider": "RK9", "RP_EndDate": "2026-04-30", "LocalPatientID": "P1"}
NOTHING, NOT_SAID = None, ""


def understood(table: str, header: str, written: str, **others: str) -> tuple[str | None, str]:
    """What is read of one value, and the rules that were touched; the row itself is kept."""
    column = next(c.name for c in contracts.tables()[table].columns.values() if c.header == header)
    checked = check(table, pl.DataFrame([{**others, header: written}]))
    assert checked.accepted.height == 1
    value = checked.accepted[column].cast(pl.String).item()
    rules = [rule.removeprefix(column).lstrip("|_") for rule in checked.findings["rule"]]
    return value, ", ".join(sorted(rules))


@pytest.mark.parametrize(
    ("written", "number", "said"),
    [
        ("9434765919", "9434765919", NOT_SAID),
        ("943 476 5919", "9434765919", "blanks_removed"),
        ("943-476-5919", "9434765919", "blanks_removed"),
        ("9434765919.0", "9434765919", "decimal_removed"),
        ("943\u200b4765919", "9434765919", "blanks_removed"),
        ("\ufeff9434765919\xa0", "9434765919", "blanks_removed"),
        ("123456789", "0123456789", "zeros_restored"),
        ("123456789.0", "0123456789", "decimal_removed, zeros_restored"),
        ("123456788", NOTHING, "check_digit"),
        ("9434765918", NOTHING, "check_digit"),
        ("4010232130", NOTHING, "check_digit"),
        ("1000000001", NOTHING, "check_digit"),
        ("9000000009", NOTHING, "check_digit"),
        ("0000000000", NOTHING, "check_digit"),
        ("1111111111", NOTHING, "check_digit"),
        ("943476591O", NOTHING, "check_digit"),
        ("l434765919", NOTHING, "check_digit"),
        ("\u0669\u0664\u0663\u0664\u0667\u0666\u0665\u0669\u0661\u0669", NOTHING, "check_digit"),
        ("9.43476591E+09", NOTHING, "check_digit"),
        ("94347659190", NOTHING, "check_digit"),
        ("not known", NOTHING, "blanks_removed, check_digit"),
    ],
    ids=["as it is", "blanks", "hyphens", "decimal", "zero width", "mark and hard blank", "lost zero",
         "lost zero and decimal", "nine digits that do not fit", "wrong check digit", "check digit would be ten",
         "disallowed 1", "disallowed 9", "ten zeros", "ten ones", "letter O", "letter l", "arabic digits",
         "scientific", "eleven digits", "words"],
)  # fmt: skip
def test_an_nhs_number_is_mended_only_where_its_check_digit_then_fits(
    written: str, number: str | None, said: str
) -> None:
    assert understood("csds_patient", "NHSNumber", written, **PATIENT) == (number, said)


@pytest.mark.parametrize(
    ("written", "number", "said"),
    [
        ("A950000178301", "A950000178301", NOT_SAID),
        ("a950000178301", "A950000178301", "upper_case"),
        (" A95 0000178301", "A950000178301", "blanks_removed"),
        ("R247962919251", NOTHING, "check_letter"),
        ("B950000178301", NOTHING, "check_letter"),
        ("I950000178301", NOTHING, "check_letter"),
        ("\u0391950000178301", NOTHING, "check_letter"),
        ("A95000017830", NOTHING, "check_letter"),
        ("A95000017830A", NOTHING, "check_letter"),
        ("L95000017830A", "L95000017830A", NOT_SAID),
        *((f"UN{n}", NOTHING, NOT_SAID) for n in range(1, 8)),
        ("UN8", NOTHING, "check_letter"),
        ("73e987dabc", NOTHING, "check_letter, upper_case"),
    ],
)
def test_a_pupil_number_counts_if_its_check_letter_fits_and_un1_to_un7_say_why_there_is_none(
    written: str, number: str | None, said: str
) -> None:
    assert understood("cin_child", "UPN", written, LAchildID="7") == (number, said)


@pytest.mark.parametrize(
    ("written", "day", "said"),
    [
        ("2016-02-29", "2016-02-29", NOT_SAID),
        ("29/02/2016", "2016-02-29", NOT_SAID),
        ("2016-02-29 00:00:00", "2016-02-29", NOT_SAID),
        ("2015-02-29", NOTHING, "unparsed"),
        ("31/04/2016", NOTHING, "unparsed"),
        ("2016-06-14T23:00:00Z", "2016-06-15", NOT_SAID),
        ("2016-12-14T23:00:00Z", "2016-12-14", NOT_SAID),
        ("2016-12-15T00:00:00Z", "2016-12-15", NOT_SAID),
        ("2016-06-15T00:00:00+01:00", "2016-06-15", NOT_SAID),
        ("2016-06-14 23:00:00", "2016-06-14", NOT_SAID),
        ("1899-12-30 07:26:15", NOTHING, "no_real_date"),
        ("1900-01-01", NOTHING, "no_real_date"),
        ("1970-01-01", NOTHING, "no_real_date"),
        ("1980-01-01", NOTHING, "no_real_date"),
        ("1900-01-02", "1900-01-02", NOT_SAID),
        ("2999-12-31", NOTHING, "no_real_date"),
        ("01/02/16", NOTHING, "no_real_date"),
        ("42430", NOTHING, "unparsed"),
    ],
    ids=["leap day", "leap day with slashes", "midnight", "no leap year", "no such day", "summer midnight in UTC",
         "winter evening in UTC", "winter midnight in UTC", "summer midnight with offset", "evening without zone",
         "access", "excel", "unix", "dos", "first day that is one", "no end", "year of two digits",
         "serial number"],
)  # fmt: skip
def test_a_birth_date_is_the_day_in_this_country_and_no_placeholder(
    written: str, day: str | None, said: str
) -> None:
    assert understood("csds_patient", "DateOfBirth", written, **PATIENT) == (day, said)


@pytest.mark.parametrize("end", ["2999-12-31", "9999-12-31", ""])
def test_an_end_that_stands_for_no_end_leaves_a_referral_open(end: str) -> None:
    referral = {**PATIENT, "ServiceRequestID": "R1", "ReferralRequest_ReceivedDate": "2026-01-05"}
    checked = check("csds_referral", pl.DataFrame([{**referral, "Discharge_Date": end}]))
    assert checked.accepted["discharged_on"].to_list() == [None]
