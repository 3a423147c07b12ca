"""A policy file: what is refused and in which words, what is proved, who signed it, and what a new one changes."""

from __future__ import annotations

import base64
import json
from itertools import product
from pathlib import Path

import polars as pl
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_model import policy
from risk_model.errors import UserError
from risk_model.policy import DEFAULT_POLICY, describing, signing
from risk_model.policy.document import NEEDS
from risk_model.policy.tiers import with_tiers
from tests.conftest import risk_model
from tests.policy_keys import make_keys

TEXT = DEFAULT_POLICY.read_text()
RULES = policy.read(TEXT.encode(), "default")
LEAD = "Dr A. Lead"


def changed(*changes: tuple[str, str]) -> bytes:
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text.encode()


UNLESS = "\n    unless: "


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("{fact: protection_plan}", "{fact: protection_plan}" + UNLESS + "{fact: looked_after}"),
            "Rule protection_plan could lower a child: a child with “Child protection plan” recorded meets it, and the "
            "same child with “Looked after” recorded as well",
        ),
        (
            ("{fact: protection_plan}", "{fact: protection_plan, at_most: 0}"),
            "Rule protection_plan could lower a child: a child of whom nothing is recorded meets it",
        ),
        (
            ("{risk_low: 0.5}", "{fact: protection_plan}" + UNLESS + "{risk_low: 0.5}"),
            "the same child with a lower limit of risk recorded as well",
        ),
        (
            (
                "{areas_beyond_this_service: 2}",
                "{areas_beyond_this_service: 1}" + UNLESS + "{areas_beyond_this_service: 3}",
            ),
            "Rule needs_in_two_more_areas could lower a child",
        ),
        (("need_lane_share: 0.7", "need_lane_share: 1"), "a child of tier 2 waits for ever"),
        (("need_lane_share: 0.7", "need_lane_share: 0.99"), "the first one after 100 reviews"),
        (("order: entry on the register", "order: tier"), "children of tier 0 who come every week"),
        (("order: entry on the register", "order: referral date"), "an older date would stand ahead"),
        (("order: entry on the register", "order: clock start"), "starts a new clock"),
    ],
)
def test_a_policy_that_cannot_be_proved_is_refused_with_a_child_in_words(
    change: tuple[str, str], said: str
) -> None:
    with pytest.raises(UserError) as refused:
        policy.read(changed(change), "bad.yaml")
    assert said in str(refused.value)


def test_a_rule_on_age_may_go_either_way_since_age_is_no_need() -> None:
    assert policy.read(changed(("at_least: 17}", "at_most: 4}")), "young.yaml").rules[-1].when.at_most == 4


def test_over_every_combination_of_facts_one_more_need_or_an_unknown_never_lowers_a_tier() -> None:
    """The whole default policy at once: every fact of its rules, by the expressions that rank."""
    facts = sorted({fact for rule in RULES.rules for fact in rule.facts} & NEEDS)
    counts = ("need_cognition", "need_mental_health", "need_physical")
    values = {name: [None, 0.0, 1.0] for name in (*facts, *counts)} | {
        "risk_low_for_place": [None, 0.49, 0.5]
    }
    table = pl.DataFrame(
        list(product(*values.values())), schema=dict.fromkeys(values, pl.Float64), orient="row"
    )
    still = dict.fromkeys(
        ("need_communication", "need_social_care", "need_health_complexity", "age_years"), 0.0
    )
    full = table.with_columns(
        team_type_code=pl.lit("33"),
        risk_low_if_highest=pl.col("risk_low_for_place"),
        **{name: pl.lit(value) for name, value in still.items()},
    )
    tier = table.with_columns(tier=with_tiers(full, RULES)["tier"])
    for name in values:
        others = [other for other in values if other != name]
        by_value = {
            value: tier.filter(pl.col(name).eq_missing(pl.lit(value))).sort(others)["tier"]
            for value in values[name]
        }
        unknown, less, more = (by_value[value] for value in values[name])
        assert (more <= less).all() and (unknown <= less).all(), name


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b"\xff\xfe", "it is empty"),
        (b"\x00", "not readable YAML"),
        (b"a: b: c", "not readable YAML (line 1)"),
        (b"--- {}\n--- {}\n", "more than one document"),
        (b"- 1", "policy is a block of keys"),
        (changed(("signed_on: null", "signed_on: 2026-02-31")), "day is out of range for month"),
        (changed(("signed_on: null", "signed_on: soon")), "signed_on is a day such as 2026-11-20"),
        (changed(("title:", "id: other\ntitle:")), "id stands twice in one block (line 4)"),
        (changed(("words: Child protection plan", "words: Plan {n}")), "words may hold {n} once"),
        (changed(("title: Devon", "title: &a Devon")), "it uses references"),
        (changed(("title:", "x: " + "[" * 3000 + "]" * 3000 + "\ntitle:")), "nested deeper than 12 levels"),
        (changed(("title:", "x: " + "{a: " * 3000 + "}" * 3000 + "\ntitle:")), "nested deeper than 12 levels"),
        (changed(("title:", "x: !!python/object/apply:os.system [ls]\ntitle:")), "not readable YAML"),
        (changed(("title:", "x: " + "y" * 300_000 + "\ntitle:")), "larger than 200,000 bytes"),
        (changed(("title:", "titel:")), "title is missing; titel is no key of a policy"),
        (changed(("weeks: 4", "weeks: four")), "overrides.weeks is a whole number"),
        (changed(("need_lane_share: 0.7", "need_lane_share: .nan")), "lanes.need_lane_share"),
        (changed(("code: family-asked", "code: other")), "two reasons have the same code"),
        (changed(("{tier: 1, name: Multiple needs, standard_weeks: 6}", "{tier: 0, name: X y, standard_weeks: 6}")),
         "names each of the tiers 0, 1 and 2 once"),
        (changed(("count_as_recorded: []", "count_as_recorded: [age_years]")), "age_years is no need"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_policy_is_refused_in_words(content: bytes, said: str) -> None:
    with pytest.raises(UserError) as refused:
        policy.read(content, "bad.yaml")
    assert said in str(refused.value)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_whatever_is_done_to_the_file_it_is_read_or_refused_in_a_sentence(data: st.DataObject) -> None:
    content = bytearray(TEXT.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=12))
    try:
        policy.read(bytes(content), "mutated.yaml")
    except UserError as error:
        assert str(error).startswith("The policy mutated.yaml is")


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """A lead's private key, and the folder of keys that are trusted."""
    return make_keys(tmp_path, LEAD)


def signed_file(folder: Path, private: Path, name: str = LEAD) -> Path:
    file = folder / "devon.yaml"
    file.write_bytes(
        changed(("signed_by: null", f"signed_by: {name}"), ("signed_on: null", "signed_on: 2026-11-02"))
    )
    rules, content = policy.load(file)
    file.with_name("devon.yaml.sig").write_bytes(signing.sign(content, rules, private))
    return file


def checked(file: Path, trusted: Path | None) -> signing.Signature:
    rules, content = policy.load(file)
    return signing.check(content, rules, signing.beside(file), signing.trusted_keys(trusted))


def test_a_policy_signed_by_a_trusted_lead_is_signed(tmp_path: Path, keys: tuple[Path, Path]) -> None:
    signature = checked(signed_file(tmp_path, keys[0]), keys[1])
    assert (signature.is_signed, signature.signed_by, str(signature.signed_on)) == (True, LEAD, "2026-11-02")
    assert signature.key is not None and signature.key.startswith("SHA256:")


def test_without_a_trusted_key_or_after_it_is_taken_away_a_policy_is_a_draft(
    tmp_path: Path, keys: tuple[Path, Path]
) -> None:
    file = signed_file(tmp_path, keys[0])
    assert checked(file, None).why_draft == "it was signed with a key that is not trusted here"
    next(keys[1].glob("*.pub")).unlink()
    assert not checked(file, keys[1]).is_signed


def test_a_key_cannot_sign_for_somebody_else(tmp_path: Path, keys: tuple[Path, Path]) -> None:
    other, _ = make_keys(tmp_path, "Dr B. Other")
    signature = checked(signed_file(tmp_path, other, LEAD), keys[1])
    assert signature.why_draft == "the policy does not name the person whose key signed it"


@pytest.mark.parametrize("at", [0, 100, 3000, -1])
def test_one_changed_byte_makes_a_signed_policy_a_draft(
    tmp_path: Path, keys: tuple[Path, Path], at: int
) -> None:
    file = signed_file(tmp_path, keys[0])
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    trusted = signing.trusted_keys(keys[1])
    found = signing.check(bytes(content), RULES, signing.beside(file), trusted)
    assert found.why_draft == "the signature does not agree: the policy file was changed after it was signed"


@pytest.mark.parametrize(
    "damage",
    [b"", b"{}", b"[1]", b"\xff", b'{"algorithm": "none"}', b"[" * 9000, b'{"algorithm":"Ed25519","key":1}'],
)
def test_a_damaged_signature_file_makes_a_draft_and_no_error(
    tmp_path: Path, keys: tuple[Path, Path], damage: bytes
) -> None:
    file = signed_file(tmp_path, keys[0])
    file.with_name("devon.yaml.sig").write_bytes(damage)
    assert checked(file, keys[1]).why_draft == "the signature file is damaged"


def test_nobody_signs_a_file_that_does_not_say_who_signs_it(tmp_path: Path, keys: tuple[Path, Path]) -> None:
    with pytest.raises(UserError, match="does not say who signs it"):
        signing.sign(TEXT.encode(), RULES, keys[0])


@pytest.mark.parametrize(
    "line", ["ssh-rsa AAAA Dr A", "ssh-ed25519 AAAA Dr A", "ssh-ed25519", "x", "ssh-ed25519 é Dr A"]
)
def test_a_trusted_key_that_is_none_is_refused_in_words(tmp_path: Path, line: str) -> None:
    (tmp_path / "bad.pub").write_text(line)
    with pytest.raises(UserError, match="Expected lines such as"):
        signing.trusted_keys(tmp_path)


def test_the_signature_is_over_the_files_bytes_and_nothing_else(
    tmp_path: Path, keys: tuple[Path, Path]
) -> None:
    """So that anybody can check it with other tools."""
    file = signed_file(tmp_path, keys[0])
    line = next(keys[1].glob("*.pub")).read_bytes()
    document = json.loads(signing.beside(file) or b"")
    public = serialization.load_ssh_public_key(line)
    public.verify(base64.b64decode(document["signature"]), file.read_bytes())  # type: ignore[union-attr, call-arg]


@pytest.mark.parametrize(
    ("change", "keys_changed", "moves"),
    [
        (("need_lane_share: 0.7", "need_lane_share: 0.6"), ["lanes.need_lane_share"], True),
        (("title: Devon", "title: The Devon"), ["title"], False),
        (("standard_weeks: 18", "standard_weeks: 12"), ["tiers.2.standard_weeks"], False),
        (("areas_beyond_this_service: 2", "areas_beyond_this_service: 3"),
         ["rules.needs_in_two_more_areas.when.areas_beyond_this_service"], True),
        (("words: Child protection plan", "words: On a child protection plan"), ["rules.protection_plan.words"], False),
    ],
)  # fmt: skip
def test_a_difference_is_named_with_whether_it_can_move_a_child(
    change: tuple[str, str], keys_changed: list[str], moves: bool
) -> None:
    found = describing.changes(RULES, policy.read(changed(change), "new.yaml"))
    assert ([c["key"] for c in found], [c["moves"] for c in found]) == (keys_changed, [moves])


def test_the_commands_check_sign_and_compare(tmp_path: Path, keys: tuple[Path, Path]) -> None:
    file = tmp_path / "devon.yaml"
    file.write_bytes(
        changed(("signed_by: null", f"signed_by: {LEAD}"), ("signed_on: null", "signed_on: 2026-11-02"))
    )
    draft = risk_model("policy", "check", file)
    assert (draft.returncode, "Draft policy, not signed" in draft.stdout) == (0, True)
    assert risk_model("policy", "sign", file, "--key", keys[0]).returncode == 0
    signed = risk_model("policy", "show", file, "--trusted-keys", keys[1])
    assert f"Signed by {LEAD}, 2026-11-02" in signed.stdout
    same = risk_model("policy", "diff", DEFAULT_POLICY, file)
    assert (same.returncode, "0 of 2 changes can move a child" in same.stdout) == (0, True)
    file.write_bytes(changed(("need_lane_share: 0.7", "need_lane_share: 1.0")))
    refused = risk_model("policy", "check", file)
    assert (refused.returncode, "cannot be proved" in refused.stderr) == (1, True)
