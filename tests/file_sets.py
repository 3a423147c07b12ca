"""One small file set for each return in the partner's own format, with values that nothing we say may repeat.

Every child's name, postcode and local number is a canary: it stands in the rows and must not stand anywhere else.
"""

from __future__ import annotations

import gzip
import io

import polars as pl

from risk_model import sources
from tests.packing import archive, workbook

UPN, OTHER_UPN = "A950000178301", "H243278544154"
NHS_NUMBERS = ("9434765919", "9462979626", "8429141456")
SURNAME, FORENAME, POSTCODE, CHILD = "Zqxcanary", "Qvxcanary", "ZQ9 9ZQ", "QZX4711"
CANARIES = (SURNAME, FORENAME, POSTCODE, CHILD, UPN, OTHER_UPN, *NHS_NUMBERS)

Files = dict[str, bytes]


def csv(headers: str, *rows: str) -> bytes:
    """A CSV as a partner's system exports it."""
    return "\r\n".join([headers, *rows, ""]).encode()


def _csds() -> Files:
    people = [f"{CHILD}{n},{NHS_NUMBERS[n]},01,201{n}-02-0{n + 1},{POSTCODE},{n % 2 + 1},A" for n in range(3)]
    requests = [f"SR{n},{CHILD}{n % 3},15N,2026-0{n + 1}-1{n},03,1,001," for n in range(6)]
    return {
        "CYP000Header.csv": csv(
            "Version,OrgID_Provider,OrgID_Submitter,RP_StartDate,RP_EndDate,FileCreation_DateTime",
            "1.6,RK9,RK9,2026-09-01,2026-09-30,2026-10-11T10:00:00",
        ),
        "CYP001MPI.csv": csv(
            "LocalPatientID,NHSNumber,NHSNumber_Status,DateOfBirth,Postcode,Gender,EthnicCategory", *people
        ),
        "CYP101Referral.csv": csv(
            "ServiceRequestID,LocalPatientID,OrgID_Commissioner,ReferralRequest_ReceivedDate,SourceOfReferral,"
            "Priority_Type,PrimaryReferralReason,Discharge_Date",
            *requests,
        ),
        "CYP102ServiceTypeReferredTo.csv": csv(
            "ServiceRequestID,TeamID_Local,TeamType,Referral_ClosureDate,Referral_ClosureReason",
            *(f"SR{n},T{n % 2},{('33', '06')[n % 2]},," for n in range(6)),
        ),
        "CYP104RTT.csv": csv(
            "ServiceRequestID,PatientPathwayID,PatientPathwayID_OrgID,WaitingTime_MeasurementType,RTT_StartDate,"
            "RTT_EndDate,RTT_Status",
            *(f"SR{n},PW{n},RK9,02,2026-0{n + 1}-1{n},,20" for n in range(3)),
        ),
        "CYP201CareContact.csv": csv(
            "CareContactID,ServiceRequestID,TeamID_Local,Contact_Date,AttendanceStatus,Consultation_Type",
            *(f"C{n},SR{n},T{n % 2},2026-09-0{n + 1},{n + 2},01" for n in range(4)),
        ),
    }


def _mhsds() -> Files:
    return {
        "MHS000Header.csv": csv(
            "DatSetVer,OrgIDProvider,ReportingPeriodStartDate,ReportingPeriodEndDate,DateTimeDatSetCreate",
            "6.0,RWV,2026-09-01,2026-09-30,2026-10-11T10:00:00",
        ),
        "MHS001MPI.csv": csv(
            "LocalPatientID,NHSNumber,NHSNumberStatus,PersonBirthDate,Postcode,GenderIDCode,Gender,EthnicCategory",
            *(f"{CHILD}{n},{NHS_NUMBERS[n]},01,2014-03-0{n + 1},{POSTCODE},2,2,A" for n in range(3)),
        ),
        "MHS101Referral.csv": csv(
            "ServiceRequestID,LocalPatientID,OrgIDComm,ReferralRequestReceivedDate,SourceOfReferralMH,"
            "ClinRespPriorityType,PrimReasonReferralMH,CareProfTeamLocalID,ServDischDate",
            *(f"M{n},{CHILD}{n},15N,2026-0{n + 2}-15,A1,3,25,T1," for n in range(3)),
        ),
        "MHS201CareContact.csv": csv(
            "CareContactID,ServiceRequestID,CareContDate,AttendStatus,ConsMechanismMH",
            *(f"K{n},M{n},2026-09-1{n},{n + 5},01" for n in range(3)),
        ),
    }


def _patient_index() -> Files:
    return {
        "patient_index_RK9.csv": csv(
            "OrgID_Provider,LocalPatientID,NHSNumber,NHSNumber_Status,FamilyName,GivenName,DateOfBirth,Gender,Postcode,"
            "RecordedDate",
            *(
                f"RK9,{CHILD}{n},{NHS_NUMBERS[n]},01,{SURNAME},{FORENAME},201{n}-02-0{n + 1},{n % 2 + 1},{POSTCODE},"
                f"2024-0{n + 1}-15"
                for n in range(3)
            ),
        )
    }


def _wlmds_open() -> Files:
    return {
        "open.csv": csv(
            "week_ending_date,organisation_identifier_patient_pathway_identifier_issuer,patient_pathway_identifier,"
            "referral_identifier,referral_request_received_date,referral_to_treatment_period_start_date,"
            "current_pathway_period_start_date,priority_type_code,waiting_list_type,activity_treatment_function_code",
            *(
                f"2026-11-15,RK9,{CHILD}{n},R{n},2026-0{n + 1}-05,2026-0{n + 1}-05,2026-0{n + 1}-05,1,ORTT,290"
                for n in range(6)
            ),
        )
    }


def _wlmds_stops() -> Files:
    return {
        "stops.csv": csv(
            "organisation_identifier_patient_pathway_identifier_issuer,patient_pathway_identifier,week_ending_date,"
            "referral_request_received_date,referral_to_treatment_period_start_date,"
            "referral_to_treatment_period_end_date,referral_to_treatment_period_status",
            *(
                f"RK9,{CHILD}{n},2026-11-15,2026-0{n + 1}-05,2026-0{n + 1}-05,2026-11-1{n},30"
                for n in range(5)
            ),
        )
    }


def _school_census() -> Files:
    day = "2026-Jan-16 00:00:00"
    return {
        "2026_spring_schoolcensus.csv": csv(
            "schoolcensustableid,lea,urn,referencedate", f"c1,879,100001,{day}"
        ),
        "2026_spring_pupilonroll.csv": csv(
            "pupilonrolltableid,NativeId,upn,surname,forename,dob,sex,schoolcensustableid,senprovision,ncyearactual",
            *(
                f"p{n},{n}.0,{(UPN, OTHER_UPN)[n % 2]},{SURNAME},{FORENAME},"
                f"201{n}-Apr-25 00:00:00,F,c1,{'KEN'[n]},{n + 3}"
                for n in range(3)
            ),
        ),
        "2026_spring_senneeds.csv": csv(
            "pupilonrolltableid,sentyperank,sentype", "p0,1.0,SLCN", "p1,1.0,ASD", "p1,2.0,73e987da"
        ),
        "2026_spring_addresses.csv": csv("pupilonrolltableid,postcode", f"p0,{POSTCODE}", f"p1,{POSTCODE}"),
        "2026_spring_termlyexclusionsonroll.csv": csv(
            "pupilonrolltableid,startdate,sessions,category,reason1,senprovision",
            "p0,2026-Jan-08 00:00:00,4.0,FIXD,DB,K",
            "p1,2026-Jan-09 00:00:00,2.0,SUSP,PA,E",
        ),
    }


def _attendance_weeks() -> Files:
    return {
        "weeks.csv": csv(
            "upn,urn,la_code,week_ending,sessions_possible,sessions_authorised,sessions_unauthorised",
            *(
                f"{(UPN, OTHER_UPN)[n % 2]},100001,879,2026-11-{6 + 7 * (n // 2):02},10,{n},1"
                for n in range(4)
            ),
        )
    }


def _attendance_sessions() -> Files:
    marks = ["/", "\\", "I", "O", "E", "C2", "#", "L"]
    return {
        "sessions.csv": csv(
            "upn,urn,session_date,session,code",
            *(
                f"{UPN},100001,2026-11-{2 + n // 2:02},{('AM', 'PM')[n % 2]},{mark}"
                for n, mark in enumerate(marks)
            ),
        )
    }


def _sen2_xml() -> Files:
    people = "".join(
        f"""
<Person><Surname>{SURNAME}</Surname><Forename>{FORENAME}</Forename><PersonBirthDate>201{n}-01-02</PersonBirthDate>
<Sex>F</Sex><PostCode>{POSTCODE}</PostCode><UPN>{(UPN, OTHER_UPN)[n % 2]}</UPN>
<Requests><ReceivedDate>2024-01-0{n + 1}</ReceivedDate><RequestOutcomeDate>2024-03-01</RequestOutcomeDate>
<RequestOutcome>Y</RequestOutcome><Assessment><NamedPlan><StartDate>2024-06-01</StartDate></NamedPlan></Assessment>
<ActivePlans><SENneed><SENtypeRank>1</SENtypeRank><SENtype>ASD</SENtype></SENneed></ActivePlans></Requests></Person>"""
        for n in range(3)
    )
    return {
        "sen2.xml": f"""<?xml version="1.0" encoding="utf-8"?>
<Message><Header><CollectionDetails><ReferenceDate>2026-01-15</ReferenceDate></CollectionDetails>
<Source><LEA>879</LEA><DateTime>2026-03-01T09:00:00</DateTime></Source></Header><Persons>{people}
</Persons></Message>""".encode()
    }


def _sen2_blade() -> Files:
    blade = "Blade-Export_01-03-2026_"
    return {
        f"{blade}sen2.csv": csv("sen2tableid,lea,referencedate", "s1,879,2026-Jan-15 00:00:00"),
        f"{blade}person.csv": csv(
            "persontableid,sen2tableid,surname,forename,personbirthdate,sex,upn,postcode",
            *(
                f"{n},s1,{SURNAME},{FORENAME},201{n}-Jan-02 00:00:00,F,{(UPN, OTHER_UPN)[n % 2]},{POSTCODE}"
                for n in range(3)
            ),
        ),
        f"{blade}requests.csv": csv(
            "requeststableid,persontableid,receiveddate,requestoutcome,requestoutcomedate",
            *(f"r{n},{n},2024-Jan-0{n + 1} 00:00:00,Y,2024-Mar-01 00:00:00" for n in range(3)),
        ),
        f"{blade}assessment.csv": csv("assessmenttableid,requeststableid", "a0,r0", "a1,r1"),
        f"{blade}namedplan.csv": csv(
            "namedplantableid,assessmenttableid,startdate,ceasedate,ceasereason",
            "n0,a0,2024-Jun-01 00:00:00,,",
            "n1,a1,2024-Jun-02 00:00:00,2025-Jun-01 00:00:00,2",
        ),
        f"{blade}activeplans.csv": csv("activeplanstableid,requeststableid", "v0,r0", "v2,r2"),
        f"{blade}senneed.csv": csv("senneedtableid,activeplanstableid,sentype,sentyperank", "x,v0,ASD,1"),
    }


def _cin_xml() -> Files:
    children = "".join(
        f"""
<Child><ChildIdentifiers><LAchildID>{CHILD}{n}</LAchildID><UPN>{(UPN, OTHER_UPN)[n % 2]}</UPN>
<PersonBirthDate>2012-05-0{n + 1}</PersonBirthDate><GenderCurrent>1</GenderCurrent></ChildIdentifiers>
<ChildCharacteristics><Ethnicity>WBRI</Ethnicity><Disabilities><Disability>AUT</Disability></Disabilities>
</ChildCharacteristics><CINdetails><CINreferralDate>2026-0{n + 1}-01</CINreferralDate>
<ReferralSource>2A</ReferralSource><PrimaryNeedCode>N1</PrimaryNeedCode><ReferralNFA>false</ReferralNFA><Assessments>
<AssessmentActualStartDate>2026-06-01</AssessmentActualStartDate><FactorsIdentifiedAtAssessment>
<AssessmentFactors>4A</AssessmentFactors><AssessmentFactors>3B</AssessmentFactors></FactorsIdentifiedAtAssessment>
</Assessments><CINPlanDates><CINPlanStartDate>2026-07-01</CINPlanStartDate></CINPlanDates><ChildProtectionPlans>
<CPPstartDate>2026-08-01</CPPstartDate><InitialCategoryOfAbuse>NEG</InitialCategoryOfAbuse>
<LatestCategoryOfAbuse>EMO</LatestCategoryOfAbuse><NumberOfPreviousCPP>0</NumberOfPreviousCPP>
</ChildProtectionPlans></CINdetails></Child>"""
        for n in range(3)
    )
    return {
        "cin.xml": f"""<?xml version="1.0" encoding="utf-8"?>
<Message><Header><Source><LEA>879</LEA><DateTime>2026-09-30T11:14:05</DateTime></Source></Header><Children>{children}
</Children></Message>""".encode()
    }


def _ssda903_csv() -> Files:
    return {
        "header.csv": csv(
            "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB",
            *(f"{CHILD}{n},1,02/01/201{n},WBRI,{(UPN, OTHER_UPN)[n % 2]},," for n in range(3)),
        ),
        "episodes.csv": csv(
            "CHILD,DECOM,RNE,LS,CIN,PLACE,DEC,REC,HOME_POST,PL_POST",
            *(
                f"{CHILD}{n},0{n + 1}/02/2026,S,{('C2', 'V2', 'V4')[n]},N1,U1,,,{POSTCODE},{POSTCODE}"
                for n in range(3)
            ),
        ),
        "oc2.csv": csv("CHILD,DOB,SDQ_SCORE", f"{CHILD}0,02/01/2010,14", f"{CHILD}1,02/01/2011,20"),
        "missing.csv": csv(
            "CHILD,DOB,MISSING,MIS_START,MIS_END", f"{CHILD}0,02/01/2010,M,03/04/2026,04/04/2026"
        ),
    }


def _ssda903_xml() -> Files:
    children = "".join(
        f"""
<CHILD><HEADER><CHILDID>{CHILD}{n}</CHILDID><SEX>1</SEX><DOB>02/01/201{n}</DOB><ETHNIC>WBRI</ETHNIC>
<UPN>{(UPN, OTHER_UPN)[n % 2]}</UPN></HEADER><EPISODE><DECOM>0{n + 1}/02/2026</DECOM><RNE>S</RNE><LS>V2</LS>
<CIN>N1</CIN><PL>U1</PL><HOME_POST>{POSTCODE}</HOME_POST></EPISODE><OC2><SDQ_SCORE>14</SDQ_SCORE></OC2></CHILD>"""
        for n in range(3)
    )
    return {"903.xml": f'<?xml version="1.0"?>\n<EXPSSDA903>{children}\n</EXPSSDA903>'.encode()}


def _safeguarding() -> Files:
    return {
        "ssd_person.csv": csv(
            "pers_person_id,pers_common_child_id,pers_forename,pers_surname,pers_sex,pers_dob,pers_send_flag",
            *(f"{CHILD}{n},{NHS_NUMBERS[n]},{FORENAME},{SURNAME},M,2013-06-0{n + 1},0" for n in range(3)),
        ),
        "ssd_linked_identifiers.csv": csv(
            "link_person_id,link_identifier_type,link_identifier_value,link_valid_from_date,link_valid_to_date",
            f"{CHILD}0,Unique Pupil Number,{UPN},2020-01-01,",
        ),
        "ssd_cin_episodes.csv": csv(
            "cine_referral_id,cine_person_id,cine_referral_date,cine_cin_primary_need_code,cine_referral_nfa,cine_close_date",
            *(f"E{n},{CHILD}{n},2026-0{n + 1}-01,N1,N," for n in range(3)),
        ),
        "ssd_cla_episodes.csv": csv(
            "clae_cla_episode_id,clae_person_id,clae_cla_episode_start_date,clae_cla_episode_start_reason,"
            "clae_cla_primary_need_code,clae_cla_episode_ceased_date",
            f"L0,{CHILD}0,2026-02-01,S,N1,",
        ),
    }


def _annex_a() -> Files:
    children = [
        [
            "Child Unique ID",
            "Gender",
            "Ethnicity",
            "Date of Birth",
            "Date of Referral",
            "Referral Source",
            "Referral NFA?",
        ],
        *(
            [
                f"{CHILD}{n}",
                "b) Female",
                "a) WBRI",
                f"2013-06-0{n + 1}",
                f"2026-0{n + 1}-01",
                "q) 6: Police",
                "b) No",
            ]
            for n in range(4)
        ),
    ]
    plans = [
        [
            "Child Unique ID",
            "Gender",
            "Date of Birth",
            "Child Protection Plan Start Date",
            "Child Protection Plan End Date",
            "Initial Category of Abuse",
            "Latest Category of Abuse",
            "Number of Previous Child Protection Plans",
        ],
        *(
            [f"{CHILD}{n}", "a) Male", f"2013-06-0{n + 1}", f"2026-0{n + 1}-01", "#N/A", "NEG", "EMO", "0"]
            for n in range(3)
        ),
    ]
    return {"annex_a.xlsx": workbook({"List 3": children, "List 7": plans})}


def parquet(files: Files) -> Files:
    """CSV files as an analyst keeps them: one Parquet file each, every column text."""
    made = {}
    for name, content in files.items():
        written = io.BytesIO()
        pl.read_csv(content, infer_schema=False).write_parquet(written)
        made[name.replace(".csv", ".parquet")] = written.getvalue()
    return made


def file_sets() -> dict[str, Files]:
    """A folder of files for each return and each way it comes, under a folder that names council and day."""
    sets = {
        "csds": _csds(),
        "mhsds": _mhsds(),
        "patient_index": _patient_index(),
        "wlmds open": _wlmds_open(),
        "wlmds stops": _wlmds_stops(),
        "school_census": _school_census(),
        "attendance weeks": _attendance_weeks(),
        "attendance sessions": _attendance_sessions(),
        "sen2 xml": _sen2_xml(),
        "sen2 blade": _sen2_blade(),
        "cin_census": _cin_xml(),
        "ssda903 csv": _ssda903_csv(),
        "ssda903 xml": _ssda903_xml(),
        "annex_a": _annex_a(),
        "safeguarding": _safeguarding(),
        "csds parquet": parquet(_csds()),
        "ssda903 zip": {"903.zip": archive(_ssda903_csv())},
        "wlmds gzip": {"open.csv.gz": gzip.compress(_wlmds_open()["open.csv"])},
    }
    return {
        name: {f"879-plymouth/2026-09-30/{path}": content for path, content in files.items()}
        for name, files in sets.items()
    }


def said(checked: sources.CheckedExtracts) -> str:
    """Everything that a check says of its files, in one text."""
    tables = (checked.rejected, checked.findings, checked.counts)
    sentences = [text for file in checked.files for text in (str(file), *file.findings)]
    return "\n".join([*sentences, *checked.gaps, *(str(table.rows()) for table in tables)])
