"""Writes a small run as a folder, with every state a page must show; the children in it are invented."""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from risk_model import policy, worklist
from risk_model.explanation import reasons
from risk_model.policy import DEFAULT_POLICY, signing

INDEX_DATE = date(2026, 11, 20)
REVIEW_ON = date(2026, 11, 23)
SPEECH, HEARING = "nr5-speech-and-language-therapy", "rk9-hearing"
NEED_SLOTS, TIME_SLOTS = 6, 3
LEAD = "P. Sample, clinical lead"
REFERENCES = "23456789BCDFGHJKMNPQRSTVWXYZ"
RULES = (
    ("urgent_by_referrer", "Marked urgent by the referrer", 0),
    ("needs_in_two_more_areas", "Needs in 2 areas beyond this service", 1),
    ("rest", "No rule of tier 0 or 1 is met", 2),
)
FEATURES = {
    "has_ehc_plan": pl.lit(0.0),
    "sen_support_or_plan": pl.lit(1.0),
    "suspensions_12_months": pl.lit(2.0),
    "urgent_care_12_months": pl.lit(None, pl.Float64),
}
LIST_SCHEMA: dict[str, Any] = {
    "rules": pl.List(
        pl.Struct(
            dict.fromkeys(("rule", "words", "records_show", "met"), pl.String) | {"decided": pl.Boolean}
        )
    ),
    "unknown_facts": pl.List(pl.Struct({"partner": pl.String, "fact": pl.String, "why": pl.String})),
    "other_waits": pl.List(pl.Struct({"service_name": pl.String, "referred_on": pl.Date})),
    "school_year": pl.String,
    "clock_started_on": pl.Date,
    "days_on_clock": pl.Int64,
    "override": pl.String,
    "override_state": pl.String,
    "override_words": pl.String,
    "latest_on": pl.Date,
    "missed_on": pl.Date,
    "offered_on": pl.Date,
    "no_date_reason": pl.String,
    "guaranteed_review": pl.Int64,
    "band_first": pl.Int64,
    "band_last": pl.Int64,
    "risk": pl.Float64,
    "risk_low": pl.Float64,
    "risk_high": pl.Float64,
    "probability_of_slot": pl.Float64,
    "education_link_confidence": pl.Float64,
    "social_care_link_confidence": pl.Float64,
}


def write(
    worklists: Path,
    *,
    children: int = 60,
    model: bool = True,
    signed_with: Path | None = None,
    empty_hearing: bool = False,
    gap: bool = False,
) -> Path:
    """Write one run with two services and return its folder."""
    speech = children * 3 // 4
    rows = _service(SPEECH, "Speech and language therapy", "NR5", "33", speech, model)
    if not empty_hearing:
        rows += _service(HEARING, "Hearing", "RK9", "17", children - speech, model)
    frame = pl.DataFrame(rows, schema_overrides=LIST_SCHEMA)
    contributions = pl.DataFrame(
        [each for row in rows for each in _contributions(row)] if model else [], schema=_CONTRIBUTION_SCHEMA
    )
    files: dict[str, bytes | pl.DataFrame] = {
        "list": frame,
        "contributions": contributions,
        "reasons": reasons.of_children(contributions),
        "features": frame.select("service_id", "referral_id", "person_id", **FEATURES),
        "measures": pl.DataFrame({"service_id": [SPEECH], "waiting": [speech]}),
        "policy.yaml": b"id: devon-default\n",
    }
    if model:
        files["scorecard.json"] = b"{}"
    facts = _facts(frame, model, gap)
    if signed_with is not None:
        rules = policy.load(DEFAULT_POLICY)[0].model_copy(update={"signed_by": LEAD, "signed_on": INDEX_DATE})
        files["policy.yaml.sig"] = signing.sign(b"id: devon-default\n", rules, signed_with)
        facts["policy"] |= {"signed_by": LEAD, "signed_on": "2026-11-02"}
    return worklist.save(worklists, INDEX_DATE.isoformat(), files, facts)


def _service(
    service_id: str, name: str, provider: str, code: str, waiting: int, model: bool
) -> list[dict[str, Any]]:
    rows = []
    for place in range(1, waiting + 1):
        lane = "need" if place <= NEED_SLOTS else "time" if place <= NEED_SLOTS + TIME_SLOTS else "next"
        tier = 2 if lane == "time" and place % 2 else 0 if place == 1 else 1 if place <= waiting * 0.4 else 2
        rows.append(_child(service_id, name, provider, code, place, waiting, lane, tier, model))
    _set_bands(rows, model)
    return rows


def _child(
    service_id: str,
    name: str,
    provider: str,
    code: str,
    place: int,
    waiting: int,
    lane: str,
    tier: int,
    model: bool,
) -> dict[str, Any]:
    days = 700 - place * 3 if lane == "time" else 60 + (place * 37) % 420
    referred = INDEX_DATE - timedelta(days=days)
    is_unknown, is_crossing, is_no_pupil = place % 5 == 3, place in (3, 14), place % 9 == 4
    ahead = 0 if lane == "time" else (place * 7) % 90
    reviews = ahead // TIME_SLOTS + 1 if ahead < 60 else None
    late = place == 8
    latest = (
        (REVIEW_ON - timedelta(days=7))
        if late
        else REVIEW_ON + timedelta(weeks=reviews - 1)
        if reviews
        else None
    )
    risk = max(0.004, 0.16 - place * 0.003) if model else None
    number = place * 7919 + len(service_id)
    return {
        "service_id": service_id,
        "service_name": name,
        "provider_code": provider,
        "team_type_code": code,
        "referral_id": f"{provider.lower()}ref{place:07d}",
        "person_id": f"{provider.lower()}per{place:07d}",
        "child_reference": _reference(number),
        "age_years": 3 + place % 13,
        "school_year": None if place % 13 < 2 else f"Year {place % 13 - 1}",
        "referred_on": referred,
        "entered_on": referred,
        "first_known_on": referred,
        "missed_on": None,
        "offered_on": None,
        "was_offered": False,
        "clock_started_on": None
        if place % 11 == 0
        else referred + timedelta(days=days // 2 if place % 4 == 0 else 0),
        "days_waiting": days,
        "days_on_clock": None if place % 11 == 0 else days - (days // 2 if place % 4 == 0 else 0),
        "tier": tier,
        "tier_rule": RULES[tier][0],
        "deciding_rule": RULES[tier][1],
        "rules": _rules(tier, is_unknown),
        "next_rule": "Next: tier 0 by “Marked urgent by the referrer”, if that were recorded.",
        "override": None,
        "override_state": None,
        "override_words": None,
        "place_by_policy": place,
        "lane": lane,
        "place": place,
        "need_place": place,
        "time_place": ahead + 1,
        "band_first": None,
        "band_last": None,
        "risk": risk,
        "risk_low": risk and risk * 0.6,
        "risk_high": risk and min(0.9, risk * 1.5),
        "probability_of_slot": 0.5 if model else None,
        "health_state": "recorded",
        "education_state": "unknown" if is_no_pupil else "none" if place % 3 == 0 else "recorded",
        "social_care_state": "unknown" if is_unknown else "recorded" if tier == 1 else "none",
        "health_facts": [
            f"Waiting for {name.lower()} since {referred:%-d %b %Y}",
            "2 urgent care visits in 12 months",
        ],
        "education_facts": []
        if place % 3 == 0 or is_no_pupil
        else ["School record shows SEN support since May 2025"],
        "social_care_facts": ["Child in need plan since March 2026"] if tier == 1 and not is_unknown else [],
        "unknown_facts": [_NO_PUPIL] * is_no_pupil + [_UNKNOWN] * is_unknown,
        **_links(place, is_no_pupil, is_unknown, tier == 1),
        "best_place": max(1, place - 2) if is_unknown else place,
        "worst_place": min(waiting, place + 12) if is_crossing else place,
        "unknown_decides_slot": is_crossing and is_unknown,
        "longer_waits_ahead": ahead,
        "guaranteed_slot": ahead + 1,
        "guaranteed_review": reviews,
        "latest_on": latest,
        "no_date_reason": None if latest else "30 reviews are needed; slots are planned to 29 Mar 2027",
        "other_waits": [{"service_name": "Community paediatrics", "referred_on": date(2026, 5, 12)}]
        if place % 6 == 0
        else None,
    }


def _links(place: int, is_no_pupil: bool, is_unknown: bool, is_held: bool) -> dict[str, Any]:
    """Every second pupil is linked by name and birth date, the others by a number; a council holds some."""
    by_name = place % 2 == 0
    method = "same name, birth date and postcode" if by_name else "NHS number held by the council"
    is_child = is_held and not is_unknown
    return {
        "is_linked_to_education": not is_no_pupil,
        "education_link_method": "not linked" if is_no_pupil else method,
        "education_link_confidence": None if is_no_pupil else 0.9989 if by_name else 1.0,
        "is_linked_to_social_care": not is_unknown,
        "social_care_link_method": "decided by a person" if is_child else "not linked",
        "social_care_link_confidence": None,
    }


_NO_PUPIL = {
    "partner": "education",
    "fact": "School record",
    "why": "No school record could be linked, or not yet at school",
}
_UNKNOWN = {
    "partner": "social care",
    "fact": "Social care record",
    "why": "No council record could be linked",
}


def _rules(tier: int, is_unknown: bool) -> list[dict[str, Any]]:
    tried = []
    for rule, words, gives in RULES[:2]:
        met = "yes" if gives == tier else "unknown" if is_unknown and gives == 1 else "no"
        shown = (
            "Set by a clinician"
            if met == "yes" and gives == 0
            else "Health and education"
            if met == "yes"
            else "None set"
        )
        tried.append(
            {"rule": rule, "words": words, "records_show": shown, "met": met, "decided": gives == tier}
        )
        if gives == tier:
            break
    return tried


def _set_bands(rows: list[dict[str, Any]], model: bool) -> None:
    """The band that starts at place 5 of the need lane goes on behind the time lane."""
    if not model:
        return
    for row in rows:
        block = 1 if row["place"] == 1 else 2 if row["place"] <= 4 else 5 + (max(row["place"] - 12, 0) // 6)
        row["band_first"] = block
        row["block"] = (row["tier"], block)
    for row in rows:
        same = [other["place"] for other in rows if other["block"] == row["block"]]
        row["band_first"], row["band_last"] = min(same), max(same)
    for row in rows:
        del row["block"]


def _reference(number: int) -> str:
    letters = []
    for _ in range(7):
        number, rest = divmod(number * 31 + 17, 100_003)
        letters.append(REFERENCES[rest % len(REFERENCES)])
        number = number * 97 + rest
    return f"{''.join(letters[:4])}-{''.join(letters[4:])}"


_CONTRIBUTION_SCHEMA = dict.fromkeys(
    ("person_id", "partner", "reason", "feature", "words", "state"), pl.String
) | {
    "log_factor": pl.Float64,
    "factor": pl.Float64,
    "used_for_place": pl.Boolean,
    "position": pl.Int64,
}
TERMS = (
    ("health", "urgent_care_12_months", "2 urgent care visits in 12 months", "value", 1.30, True),
    ("health", "disability", "Health record does not show a disability", "no", 0.88, True),
    ("health", "feeding", "Feeding concern: none recorded", "no", 1.001, True),
    ("education", "sen_support", "School record shows SEN support", "yes", 1.22, True),
    ("education", "suspensions_12_months", "No suspension in 12 months", "no", 0.94, True),
    ("social care", "child_in_need", "Child in need plan: not known", "unknown", 1.06, True),
    ("age and wait", "age_years", "Age 6", "value", 0.90, True),
    ("age and wait", "weeks_waiting", "Longest wait in weeks: 38", "value", 1.05, False),
)


def _contributions(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "person_id": row["person_id"],
            "partner": partner,
            "reason": feature,
            "feature": feature,
            "words": words,
            "state": state,
            "log_factor": math.log(factor),
            "factor": factor,
            "used_for_place": used,
            "position": position,
        }
        for position, (partner, feature, words, state, factor, used) in enumerate(TERMS)
    ]


FEED = {"feed": "cin_census", "feed_words": "children in need census"}
ACCEPTED = FEED | {
    "locality": "878",
    "locality_name": "Devon (878)",
    "last_period": "2026-04-21",
    "state": "stale",
    "words": "no children in need census from Devon (878) since 21 Apr 2026",
    "reason": "The council sends it again on 2 December <b>",
}


def _feed(locality: str, name: str, **last: Any) -> dict[str, Any]:
    covered = FEED | {
        "locality": locality,
        "locality_name": name,
        "last_period": "2026-10-21",
        "rows_last": 182.0,
        "rows_expected": 183.0,
        "share_of_expected": 0.995,
        "days_old": 30,
        "share_linked": 0.214,
        "is_expected": True,
        "state": "covered",
    }
    return covered | last


def _facts(frame: pl.DataFrame, model: bool, gap: bool) -> dict[str, Any]:
    waiting = dict(frame.group_by("service_id").len().iter_rows())
    services = [
        {
            "service_id": service_id,
            "service_name": name,
            "provider_code": provider,
            "waiting": waiting.get(service_id, 0),
            "slots": NEED_SLOTS + TIME_SLOTS,
            "slots_per_review": float(NEED_SLOTS + TIME_SLOTS),
            "need_slots": NEED_SLOTS,
            "time_slots": TIME_SLOTS,
            "review_on": REVIEW_ON.isoformat(),
            "slots_planned_until": "2027-11-15",
            "referrals_per_week": 12.0,
            "first_contacts_per_week": 9.0,
        }
        for service_id, name, provider in (
            (SPEECH, "Speech and language therapy", "NR5"),
            (HEARING, "Hearing", "RK9"),
        )
    ]
    return {
        "index_date": INDEX_DATE.isoformat(),
        "mode": "model" if model else "policy-only",
        "policy": {
            "id": "devon-default",
            "version": "1.0",
            "title": "Devon default policy",
            "signed_by": None,
            "signed_on": None,
            "why_draft": "no signature was found beside the policy file",
            "sha256": "0" * 64,
        },
        "model": {"id": "harm-while-waiting", "version": "1", "sha256": "1" * 64} if model else None,
        "list_risk": 0.0625 if model else None,
        "data_up_to": {"health": "2026-10-31", "education": "2026-11-18", "social care": None},
        "coverage": [
            _feed("878", "Devon (878)", state="stale", last_period="2026-04-21")
            if gap
            else _feed("878", "Devon (878)"),
            _feed("879", "Plymouth (879)"),
        ],
        "accepted_gaps": [ACCEPTED] if gap else [],
        "services": services,
        "inputs": [
            {"path": "health/csds.csv", "source": "csds", "rows": 120, "sha256": "ab" * 32, "problem": None},
            {
                "path": "school/notes.txt",
                "source": None,
                "rows": 0,
                "sha256": "cd" * 32,
                "problem": "Not a known return",
            },
        ],
        "code": {"commit": "none"},
        "contracts": {"csds": "1.0.0"},
        "seed": 2026,
        "warnings": ["No looked-after return was found"],
    }
