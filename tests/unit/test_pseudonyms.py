"""Pseudonyms: the HMAC that anybody can compute with the key, and nothing in common between two keys."""

from __future__ import annotations

import base64
import hashlib
import hmac

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_model import pseudonyms
from risk_model.pseudonyms import PERSON_CHARACTERS, REFERRAL_CHARACTERS

identifiers = st.lists(st.text(max_size=20), min_size=1, max_size=30)
two_keys = st.lists(st.binary(min_size=32, max_size=32), min_size=2, max_size=2, unique=True)


def named(listed: list[str], key: bytes, kind: str = "person") -> list[str]:
    return pseudonyms.of(pl.Series(listed, dtype=pl.String), key, kind, PERSON_CHARACTERS).to_list()


def test_a_pseudonym_is_the_keyed_hash_cut_to_128_bits() -> None:
    code = hmac.new(b"key", b"person\nnhs|9990000018", hashlib.sha256).digest()[:16]
    expected = base64.b32encode(code).decode().rstrip("=").lower()
    assert named(["nhs|9990000018"], b"key") == [expected]
    assert len(expected) == PERSON_CHARACTERS == 26


@settings(max_examples=50, deadline=None)
@given(identifiers, two_keys)
def test_two_purposes_share_no_pseudonym_and_one_purpose_never_mixes_two_children(
    listed: list[str], keys: list[bytes]
) -> None:
    care, training = (named(listed, key) for key in keys)
    assert set(care).isdisjoint(training)
    assert set(care).isdisjoint(named(listed, keys[0], "referral"))
    assert len(set(care)) == len(set(listed))
    assert care == named(listed, keys[0])


def test_a_referral_has_a_shorter_name_of_its_own_kind() -> None:
    asked = pl.Series(["P1|R1", "P1|R1", "P1|R2"])
    one, again, other = pseudonyms.of(asked, b"key", "referral", REFERRAL_CHARACTERS)
    assert one == again != other and len(one) == REFERRAL_CHARACTERS
