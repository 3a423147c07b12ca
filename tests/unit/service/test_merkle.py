"""The tree and its proofs against the numbers of Certificate Transparency, and against whoever bends a proof."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from benchmarks.audit import KEY, accepted_flips, made_up_entries
from service.audit import open_key, open_public_key
from service.audit.proofs import Tree, consistency_text, inclusion_text
from service.audit.signing import verifier_line
from service.audit.verify_audit import (
    EMPTY_ROOT,
    Checkpoint,
    Frontier,
    NotProvenError,
    check_consistency,
    check_inclusion,
    leaf_hash,
    open_checkpoint,
    open_consistency,
    open_proof,
    read_key,
)

# The leaves and roots that implementations of RFC 6962 are held to.
LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
SIZES = 33


def leaves(count: int) -> list[bytes]:
    return [number.to_bytes(32, "big") for number in range(count)]


def test_roots_are_those_of_certificate_transparency() -> None:
    frontier, given = Frontier(), [bytes.fromhex(leaf) for leaf in LEAVES]
    assert frontier.root() == EMPTY_ROOT
    for size, expected in enumerate(ROOTS):
        assert frontier.root().hex() == expected
        if size:
            assert Tree(given[:size]).root().hex() == expected
        if size < len(given):
            frontier.push(leaf_hash(given[size]))


def test_every_leaf_is_proven_in_every_size_and_nowhere_else() -> None:
    for size in range(1, SIZES):
        tree = Tree(leaves(size))
        root = tree.root()
        for index, leaf in enumerate(leaves(size)):
            path = tree.inclusion(index)
            check_inclusion(index, size, leaf_hash(leaf), path, root)
            bent = [(index + 1, path), (index, [*path, root])] + ([(index, path[:-1])] if path else [])
            for other_index, other in bent:
                with pytest.raises(NotProvenError):
                    check_inclusion(other_index, size, leaf_hash(leaf), other, root)


def test_every_size_is_proven_to_grow_from_every_smaller_one() -> None:
    trees = [Tree(leaves(size)) for size in range(1, SIZES)]
    for new in trees:
        for old in trees[: new.size]:
            path = new.consistency(old.size)
            before, after = Checkpoint(old.size, old.root()), Checkpoint(new.size, new.root())
            check_consistency(before, after, path)
            for bent in ([*path, old.root()], path[:-1] if path else [new.root()]):
                with pytest.raises(NotProvenError):
                    check_consistency(before, after, bent)
            with pytest.raises(NotProvenError):
                check_consistency(before._replace(root=b"x" * 32), after, path)


def test_a_log_that_shrank_or_was_rewritten_is_not_consistent() -> None:
    old, new = (Checkpoint(size, Tree(leaves(size)).root()) for size in (5, 9))
    with pytest.raises(NotProvenError, match="entries that were signed are gone: 9 before, 5 now"):
        check_consistency(new, old, [])
    with pytest.raises(NotProvenError, match="two heads were signed for 5 entries"):
        check_consistency(old, old._replace(root=new.root), [])


@pytest.mark.parametrize("size", [1, 2, 7])
def test_no_flip_of_any_bit_of_a_proof_is_accepted(size: int) -> None:
    flips, accepted = accepted_flips([size - 1], size)
    assert flips > 5_000
    assert accepted == 0


@pytest.mark.parametrize(
    "bend",
    [
        lambda proof: proof + "\n",
        lambda proof: proof[:-1],
        lambda proof: proof.replace("\n\n", "\n", 1),
        lambda proof: proof.replace("index 3", "index 03"),
        lambda proof: proof.replace("index 3", "index ３"),
        lambda proof: proof.replace("\n", "\r\n"),
        lambda proof: proof.replace(KEY.name, "another/log"),
        lambda proof: proof.partition("\n\n")[0],
        lambda proof: "",
    ],
)
def test_a_proof_in_another_form_is_refused(bend: object) -> None:
    entries = list(made_up_entries(5))
    tree = Tree(entry.commitment for entry in entries)
    extra = (entries[3].key or b"") + (entries[3].content or b"")
    proof = inclusion_text(extra, 3, tree, KEY.sign(5, tree.root()))
    assert open_proof(proof, KEY.public)[1]["sequence"] == 4
    with pytest.raises(NotProvenError):
        open_proof(bend(proof), KEY.public)  # type: ignore[operator]


def test_a_proof_signed_with_another_key_is_refused() -> None:
    tree = Tree(leaves(4))
    other = dataclasses.replace(KEY, seed=b"o" * 32)
    held = Checkpoint(2, Tree(leaves(2)).root())
    text = consistency_text(2, tree.consistency(2), KEY.sign(4, tree.root()))
    assert open_consistency(text, held, KEY.public).size == 4
    with pytest.raises(NotProvenError, match="not signed with this key"):
        open_consistency(text, held, other.public)


def test_a_witness_may_sign_below_and_changes_nothing() -> None:
    note = KEY.sign(4, Tree(leaves(4)).root()) + "— witness.example AAAA\n"
    assert open_checkpoint(note, KEY.public).size == 4


def test_a_key_is_made_once_read_again_and_never_printed(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    key = open_key(path)
    assert open_key(path) == key
    assert (path.stat().st_mode & 0o777, str(key.seed) in repr(key)) == (0o400, False)
    assert open_public_key(path) == read_key(verifier_line(key.public)) == key.public


@pytest.mark.parametrize("harm", ["open", "damaged", "link", "another's id"])
def test_a_key_that_is_open_or_damaged_is_refused(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "log.key"
    open_key(path)
    path.chmod(0o600)
    match harm:
        case "open":
            path.chmod(0o644)
        case "damaged":
            path.write_text(path.read_text()[:-9])
        case "link":
            path.rename(tmp_path / "elsewhere")
            path.symlink_to(tmp_path / "none")
        case _:
            parts = path.read_text().split("+")
            path.write_text("+".join([*parts[:3], "00000000", *parts[4:]]))
    with pytest.raises(Exception, match=r"log's key|is a link"):
        open_key(path)
