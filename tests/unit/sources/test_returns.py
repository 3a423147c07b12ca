"""Each return in its real formats: what is recognised, what is joined, and when it was known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from risk_model import contracts, sources

UPN, OTHER_UPN = "A950000178301", "H243278544154"


def lay_out(folder: Path, files: Mapping[str, str]) -> sources.CheckedExtracts:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return sources.check(folder)


def accepted(extracts: sources.CheckedExtracts, table: str) -> pl.DataFrame:
    assert extracts.rejected.is_empty(), extracts.rejected["rules"].to_list()
    return extracts.frames[table]


def test_every_table_is_there_even_when_no_file_is(tmp_path: Path) -> None:
    extracts = lay_out(tmp_path, {"readme.txt": "nothing here"})
    partners = [table for table in contracts.tables().values() if table.contract not in contracts.OUR_OWN]
    assert set(extracts.frames) == {table.name for table in partners if not table.is_context}
    for name, typed in extracts.frames.items():
        assert typed.is_empty() and typed.schema["known_on"] == pl.Date
        assert {
            n: c.dtype for n, c in contracts.tables()[name].columns.items() if not c.only_for_joining
        }.items() <= dict(typed.schema).items()


def test_a_commissioner_extract_joins_each_row_to_its_submission(tmp_path: Path) -> None:
    extracts = lay_out(
        tmp_path,
        {
            "h.csv": "UniqueSubmissionID,OrgID_Provider,RP_EndDate,FileCreation_DateTime\n"
            "7,RK9,2024-01-31,2024-02-11T10:00:00\n8,NR5,2024-02-29,2024-03-11T10:00:00\n",
            "r.csv": "unique_submission_id,SERVICE REQUEST IDENTIFIER,local_patient_identifier,"
            "REFERRAL REQUEST RECEIVED DATE,priority_type_code\n8,b,2,2024-02-01,02\n7,a,1,2024-01-02,1\n",
        },
    )
    rows = accepted(extracts, "csds_referral")
    assert rows.select(
        "service_request_id", "provider_code", "period_ended_on", "known_on", "priority_code"
    ).rows() == [
        ("b", "NR5", date(2024, 2, 29), date(2024, 3, 11), "2"),
        ("a", "RK9", date(2024, 1, 31), date(2024, 2, 11), "1"),
    ]


def test_a_provider_folder_is_dated_by_the_header_beside_it(tmp_path: Path) -> None:
    header = "OrgID_Provider,RP_EndDate,FileCreation_DateTime\n"
    team = "ServiceRequestID,TeamID_Local,TeamType\na,t,6\n"
    files = {
        "jan/h.csv": header + "RK9,2024-01-31,2024-02-11T10:00:00\n",
        "feb/h.csv": header + "RK9,2024-02-29,2024-03-11T10:00:00\n",
        "jan/t.csv": team,
        "feb/t.csv": team,
    }
    rows = accepted(lay_out(tmp_path, files), "csds_team")
    assert rows.select("team_type_code", "known_on").rows() == [
        ("06", date(2024, 3, 11)),
        ("06", date(2024, 2, 11)),
    ]


def test_a_submission_without_a_header_is_reported_and_its_rows_rejected(tmp_path: Path) -> None:
    extracts = lay_out(tmp_path, {"t.csv": "ServiceRequestID,TeamID_Local,TeamType\na,t,06\n"})
    assert "0 submission headers" in str(extracts.files[0].problem)
    assert extracts.rejected["rules"].to_list() == [["period_ended_on|missing", "provider_code|missing"]]


def test_the_renamed_attendance_column_is_filled_from_its_older_self(tmp_path: Path) -> None:
    files = {
        "h.csv": "OrgID_Provider,RP_EndDate,FileCreation_DateTime\nRK9,2024-01-31,2024-02-11T10:00:00\n",
        "c.csv": "CareContactID,ServiceRequestID,Contact_Date,AttendOrNot,AttendanceStatus\n"
        "1,a,2024-01-02,5,\n2,a,2024-01-03,3,05\n",
    }
    assert accepted(lay_out(tmp_path, files), "csds_contact")["attendance_code"].to_list() == ["5", "5"]


def test_a_mental_health_file_is_not_taken_for_a_community_one(tmp_path: Path) -> None:
    text = (
        "ServiceRequestID,LocalPatientID,ReferralRequestReceivedDate,SourceOfReferralMH\na,1,2024-01-01,A1\n"
    )
    extracts = lay_out(tmp_path, {"mhs101.csv": text})
    assert extracts.files[0].tables == ("mhsds_referral",)
    assert extracts.frames["csds_referral"].is_empty()


def test_a_waiting_list_week_is_known_seven_days_after_it_ended(tmp_path: Path) -> None:
    text = (
        "week_ending_date,organisation_identifier_patient_pathway_identifier_issuer,patient_pathway_identifier,"
        "priority_type_code\n2024-01-07,RK9,P1,routine\n"
    )
    rows = accepted(lay_out(tmp_path, {"w.csv": text}), "wlmds_open_pathway")
    assert rows.select("known_on", "priority_code").rows() == [(date(2024, 1, 14), "1")]


PUPIL = "pupilonrolltableid,upn,dob,gender,schoolcensustableid,senprovision\n"
CENSUS = {
    "schoolcensus": "schoolcensustableid,lea,urn,referencedate\nc1,879,100001,2025-Jan-16 00:00:00\n",
    "pupilonroll": PUPIL + f"p1,{UPN},2015-Apr-25 00:00:00,1,c1,K\n",
    "pupilnolongeronroll": "pupilnolongeronrolltableid,upn,dob,schoolcensustableid\n"
    f"l1,{OTHER_UPN},2014-Apr-25 00:00:00,c1\n",
    "senneeds": "pupilonrolltableid,sentyperank,sentype\np1,1.0,SLCN\np1,2.0,73e987da\n",
    "addresses": "pupilonrolltableid,postcode\np1,PL1 1AA\n",
    "termlyexclusionsonroll": "pupilonrolltableid,startdate,sessions,category,reason1\n"
    "p1,2025-Jan-08 00:00:00,4.0,FIXD,DB\n",
    "termlyexclusionsoffroll": "pupilnolongeronrolltableid,startdate,sessions,category,reason1\n"
    "l1,2025-Jan-09 00:00:00,,PERM,PA\n",
}


@pytest.mark.parametrize("name", ["2025/{}.csv", "2025_spring_{}.csv"])
def test_the_school_census_nodes_are_joined_within_their_extract(tmp_path: Path, name: str) -> None:
    other = {key: text.replace("879,100001,2025-Jan", "878,100002,2024-Jan") for key, text in CENSUS.items()}
    extracts = lay_out(
        tmp_path,
        {name.format(node): text for node, text in CENSUS.items()}
        | {name.replace("2025", "2024").format(node): text for node, text in other.items()},
    )
    pupils = accepted(extracts, "school_census_pupil").filter(la_code="879")
    assert pupils.select("census_on", "school_urn", "upn", "sex_code", "postcode", "known_on").rows() == [
        (date(2025, 1, 16), "100001", UPN, "M", "PL1 1AA", date(2025, 2, 27))
    ]
    needs = accepted(extracts, "school_census_need").filter(census_on=date(2025, 1, 16))
    assert needs.select("need_rank", "need_type_code").rows() == [(1, "SLCN"), (2, None)]
    exclusions = (
        accepted(extracts, "school_census_exclusion").filter(census_on=date(2025, 1, 16)).sort("started_on")
    )
    assert exclusions.select("upn", "category_code", "sessions").rows() == [
        (UPN, "SUSP", 4),
        (OTHER_UPN, "PERM", None),
    ]


def test_two_terms_of_a_census_beside_a_submission_in_one_folder(tmp_path: Path) -> None:
    """Terms are told apart by how their names begin; a submission stays whole whatever its files are called."""
    other = {node: text.replace("2025-Jan", "2024-Jan") for node, text in CENSUS.items()}
    submission = {
        "CYP000Header.csv": "OrgID_Provider,RP_EndDate,FileCreation_DateTime\nRK9,2024-01-31,2024-02-11T10:00:00\n",
        "CYP102ServiceTypeReferredTo.csv": "ServiceRequestID,TeamID_Local,TeamType\na,t,6\n",
    }
    extracts = lay_out(
        tmp_path,
        {f"2025_spring_{node}.csv": text for node, text in CENSUS.items()}
        | {f"2024_spring_{node}.csv": text for node, text in other.items()}
        | submission,
    )
    assert accepted(extracts, "csds_team")["provider_code"].to_list() == ["RK9"]
    assert sorted(accepted(extracts, "school_census_pupil")["census_on"]) == [
        date(2024, 1, 16),
        date(2025, 1, 16),
    ]


def test_a_census_without_its_return_is_dated_by_its_newest_date(tmp_path: Path) -> None:
    extracts = lay_out(
        tmp_path, {f"{node}.csv": CENSUS[node] for node in ("pupilonroll", "termlyexclusionsonroll")}
    )
    pupils = accepted(extracts, "school_census_pupil")
    assert pupils.select("census_on", "known_on").rows() == [(None, date(2025, 1, 8))]


def test_sessions_are_added_up_to_weeks_ending_on_friday(tmp_path: Path) -> None:
    marks = ["03,AM,/", "03,PM,I", "04,AM,C2", "07,AM,E", "07,PM,O", "06,AM,#", "10,AM,L"]
    text = "upn,session_date,session,code\n" + "".join(f"{UPN},2025-03-{mark}\n" for mark in marks)
    rows = accepted(lay_out(tmp_path, {"s.csv": text}), "attendance_week")
    counts = [name for name in rows.columns if name.startswith("sessions_")]
    assert rows.select("week_ended_on", *counts, "known_on").rows() == [
        (date(2025, 3, 7), 5, 3, 1, 1, 1, date(2025, 3, 10)),
        (date(2025, 3, 14), 1, 0, 0, 0, 0, date(2025, 3, 17)),
    ]


SEN2_XML = f"""<Message><Header>
<CollectionDetails><ReferenceDate>2025-01-16</ReferenceDate></CollectionDetails>
<Source><LEA>879</LEA><DateTime>2025-03-01T09:00:00</DateTime></Source></Header><Persons>
<Person><Surname>Test</Surname><PersonBirthDate>2015-01-02</PersonBirthDate><Sex>F</Sex><UPN>{UPN}</UPN>
 <Requests><ReceivedDate>2024-01-05</ReceivedDate><RequestOutcome>Y</RequestOutcome>
  <Assessment><NamedPlan><StartDate>2024-06-01</StartDate></NamedPlan></Assessment>
  <ActivePlans><SENneed><SENtypeRank>1</SENtypeRank><SENtype>ASD</SENtype></SENneed></ActivePlans>
 </Requests></Person>
<Person><PersonBirthDate>2012-01-02</PersonBirthDate><GenderCurrent>1</GenderCurrent>
 <Requests><ReceivedDate>2019-01-05</ReceivedDate>
  <ActivePlans><LastReview>2024-01-01</LastReview></ActivePlans></Requests></Person>
</Persons></Message>"""
BLADE = {
    "Blade-Export_01-03-2025_sen2.csv": "sen2tableid,lea,referencedate\ns1,879,2025-Jan-16 00:00:00\n",
    "Blade-Export_01-03-2025_person.csv": "persontableid,sen2tableid,surname,personbirthdate,sex,upn\n"
    f"1,s1,Test,2015-Jan-02 00:00:00,F,{UPN}\n2,s1,,2012-Jan-02 00:00:00,1,\n",
    "Blade-Export_01-03-2025_requests.csv": "requeststableid,persontableid,receiveddate,requestoutcome\n"
    "1.1,1,2024-Jan-05 00:00:00,Y\n2.1,2,2019-Jan-05 00:00:00,\n",
    "Blade-Export_01-03-2025_assessment.csv": "assessmenttableid,requeststableid\na1,1.1\n",
    "Blade-Export_01-03-2025_namedplan.csv": "namedplantableid,assessmenttableid,startdate,ceasedate\n"
    "n1,a1,2024-Jun-01 00:00:00,\n",
    "Blade-Export_01-03-2025_activeplans.csv": "activeplanstableid,requeststableid\nv1,1.1\nv2,2.1\n",
    "Blade-Export_01-03-2025_senneed.csv": "senneedtableid,activeplanstableid,sentype,sentyperank\n"
    "x,v1,ASD,1\n",
}


@pytest.mark.parametrize("files", [{"sen2.xml": SEN2_XML}, BLADE], ids=["xml", "blade"])
def test_sen2_says_the_same_by_both_routes(tmp_path: Path, files: dict[str, str]) -> None:
    extracts = lay_out(tmp_path, files)
    people = accepted(extracts, "sen2_person")
    assert people.select("la_code", "upn", "sex_code", "known_on").rows() == [
        ("879", UPN, "F", date(2025, 3, 1)),
        ("879", None, "M", date(2025, 3, 1)),
    ]
    requests = accepted(extracts, "sen2_request").join(people, on="person_key")
    assert requests.select("received_on", "outcome_code", "born_on").sort("received_on").rows() == [
        (date(2019, 1, 5), None, date(2012, 1, 2)),
        (date(2024, 1, 5), "Y", date(2015, 1, 2)),
    ]
    plans = accepted(extracts, "sen2_plan").select("upn", "started_on").sort("started_on")
    assert plans.rows() == [(None, None), (UPN, date(2024, 6, 1))]
    assert accepted(extracts, "sen2_need").select("upn", "need_rank", "need_type_code").rows() == [
        (UPN, 1, "ASD")
    ]


def test_a_children_in_need_episode_keeps_its_key_from_quarter_to_quarter(tmp_path: Path) -> None:
    def quarter(day: str, first: str) -> str:
        details = "".join(
            f"<CINdetails><CINreferralDate>{on}</CINreferralDate><ReferralNFA>false</ReferralNFA></CINdetails>"
            for on in (first, "2024-03-01", "2024-03-01")
        )
        return (
            f"<Message><Header><Source><LEA>879</LEA><DateTime>{day}T09:00:00</DateTime></Source></Header>"
            "<Children><Child>"
            f"<ChildIdentifiers><LAchildID>1</LAchildID></ChildIdentifiers>{details}</Child></Children></Message>"
        )

    extracts = lay_out(
        tmp_path, {"a.xml": quarter("2024-06-30", "2023-01-01"), "b.xml": quarter("2024-09-30", "2024-08-01")}
    )
    rows = accepted(extracts, "cin_episode").select("episode_key", "known_on", "is_no_further_action")
    assert rows.rows() == [
        ("2023-01-01", date(2024, 6, 30), False),
        ("2024-03-01", date(2024, 6, 30), False),
        ("2024-03-01/2", date(2024, 6, 30), False),
        ("2024-08-01", date(2024, 9, 30), False),
        ("2024-03-01", date(2024, 9, 30), False),
        ("2024-03-01/2", date(2024, 9, 30), False),
    ]


LOOKED_AFTER_XML = """<EXPSSDA903><CHILD>
<HEADER><CHILDID>1</CHILDID><SEX>1</SEX><DOB>02/01/2015</DOB><ETHNIC>WBRI</ETHNIC></HEADER>
<EPISODE><DECOM>01/02/2024</DECOM><RNE>S</RNE><LS>V2</LS><CIN>N1</CIN><PL>U1</PL></EPISODE>
<OC2><SDQ_SCORE>14</SDQ_SCORE></OC2></CHILD></EXPSSDA903>"""
LOOKED_AFTER_CSV = {
    "header.csv": "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n1,1,02/01/2015,WBRI,,,\n",
    "episodes.csv": "CHILD,DECOM,RNE,LS,CIN,PLACE,DEC,REC\n1,01/02/2024,S,V2,N1,U1,,\n",
    "oc2.csv": "CHILD,DOB,SDQ_SCORE\n1,02/01/2015,14\n",
}


@pytest.mark.parametrize("files", [{"903.xml": LOOKED_AFTER_XML}, LOOKED_AFTER_CSV], ids=["xml", "csv"])
def test_looked_after_children_say_the_same_by_both_routes(tmp_path: Path, files: dict[str, str]) -> None:
    extracts = lay_out(tmp_path, {f"879-plymouth/2024-09-30/{name}": text for name, text in files.items()})
    child = accepted(extracts, "looked_after_child")
    assert child.select("la_code", "la_child_id", "sex_code", "born_on", "known_on").rows() == [
        ("879", "1", "M", date(2015, 1, 2), date(2024, 9, 30))
    ]
    episode = accepted(extracts, "looked_after_episode")
    assert episode.select("started_on", "legal_status_code", "placement_code", "ended_on").rows() == [
        (date(2024, 2, 1), "V2", "U1", None)
    ]
    assert accepted(extracts, "looked_after_outcome")["sdq_score"].to_list() == [14]


def test_without_a_date_in_the_path_the_newest_date_of_the_folder_counts(tmp_path: Path) -> None:
    extracts = lay_out(tmp_path, LOOKED_AFTER_CSV)
    assert accepted(extracts, "looked_after_child").select("la_code", "known_on").rows() == [
        (None, date(2024, 2, 1))
    ]


def test_findings_and_quarantine_account_for_every_row(tmp_path: Path) -> None:
    text = "CHILD,DECOM,RNE,LS\n1,01/02/2024,S,ZZ\n,01/02/2024,S,C2\n"
    checked = lay_out(tmp_path, {"e.csv": text})
    assert checked.counts.rows() == [("e.csv", "looked_after_episode", 2, 1, 1)]
    assert checked.findings.select("rule", "severity", "rows").sort("severity").rows() == [
        ("la_child_id|missing", "error", 1),
        ("legal_status_code|not_in_code_list", "warning", 1),
    ]
    quarantine = pl.read_parquet(checked.write_quarantine(tmp_path / "q"))
    assert quarantine.rows() == [
        (
            "e.csv",
            checked.files[0].sha256,
            2,
            "looked_after_episode",
            "ssda903",
            "1.0.0",
            ["la_child_id|missing"],
        )
    ]
