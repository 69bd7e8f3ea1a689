"""The Merkle tree against known vectors and against its definition.

Vectors: certificate-transparency's `merkle_tree_test` (kSHA256Roots and its proofs, as in transparency-dev/merkle
testonly/constants.go).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given, strategies as st

from linewarden.trust import merkle
from linewarden.trust.merkle import Frontier, consistency_holds, inclusion_holds, leaf_hash, node_hash, root_of

LEAVES = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                     "606162636465666768696a6b6c6d6e6f")]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A, B, C, D, E, F = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
)
CONSISTENCY = {(1, 1): [], (1, 8): [A, B, C], (6, 8): [D, E, ROOTS[4]], (2, 5): [B, F]}
INCLUSION = {(0, 8): [A, B, C], (5, 8): [F, E, ROOTS[4]]}


class Log:
    """A log in memory, by appends only."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.frontier = Frontier()
        self.roots = [self.frontier.root()]
        for leaf in leaves:
            for level, index, found in self.frontier.append(leaf):
                assert (level, index) not in self.nodes
                self.nodes[level, index] = found
            self.roots.append(self.frontier.root())

    def get(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]


def defined_root(leaves: Sequence[bytes]) -> bytes:
    """MTH, word by word as RFC 6962 2.1 has it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(defined_root(leaves[:k]), defined_root(leaves[k:]))


def test_roots_are_those_of_the_reference() -> None:
    log = Log([leaf_hash(leaf) for leaf in LEAVES])
    assert [r.hex() for r in log.roots] == ROOTS


@pytest.mark.parametrize("sizes", CONSISTENCY)
def test_consistency_proofs_are_those_of_the_reference(sizes: tuple[int, int]) -> None:
    log = Log([leaf_hash(leaf) for leaf in LEAVES])
    assert [h.hex() for h in merkle.consistency_proof(*sizes, log.get)] == CONSISTENCY[sizes]


@pytest.mark.parametrize("place", INCLUSION)
def test_inclusion_proofs_are_those_of_the_reference(place: tuple[int, int]) -> None:
    log = Log([leaf_hash(leaf) for leaf in LEAVES])
    assert [h.hex() for h in merkle.inclusion_proof(*place, log.get)] == INCLUSION[place]


@given(st.lists(st.binary(max_size=4), max_size=70))
def test_appending_gives_the_root_of_the_definition(entries: list[bytes]) -> None:
    hashes = [leaf_hash(e) for e in entries]
    log = Log(hashes)
    assert log.frontier.root() == root_of(hashes) == defined_root(entries)
    assert Frontier.of(len(hashes), log.get) == log.frontier


@given(st.integers(1, 130), st.data())
def test_every_proof_holds_and_none_for_anything_else(size: int, data: st.DataObject) -> None:
    log = Log([leaf_hash(n.to_bytes(2)) for n in range(size)])
    index = data.draw(st.integers(0, size - 1))
    proof, leaf, root = merkle.inclusion_proof(index, size, log.get), log.get(0, index), log.roots[size]
    assert inclusion_holds(leaf, index, size, proof, root)
    assert not inclusion_holds(leaf_hash(b"another"), index, size, proof, root)
    assert not inclusion_holds(leaf, index, size, proof, leaf_hash(b"another"))
    other = data.draw(st.integers(-1, size + 1))
    assert other == index or not inclusion_holds(leaf, other, size, proof, root)
    for wrong in damaged(proof, data):
        assert not inclusion_holds(leaf, index, size, wrong, root)


@given(st.integers(1, 130), st.data())
def test_every_older_log_is_shown_to_be_the_beginning(size: int, data: st.DataObject) -> None:
    log = Log([leaf_hash(n.to_bytes(2)) for n in range(size)])
    old = data.draw(st.integers(1, size))
    proof = merkle.consistency_proof(old, size, log.get)
    assert consistency_holds(old, size, log.roots[old], log.roots[size], proof)
    assert not consistency_holds(old, size, leaf_hash(b"x"), log.roots[size], proof)
    assert not consistency_holds(old, size, log.roots[old], leaf_hash(b"x"), proof)
    other = data.draw(st.integers(0, size + 1))
    assert other == old or not consistency_holds(other, size, log.roots[old], log.roots[size], proof)
    for wrong in damaged(proof, data):
        assert not consistency_holds(old, size, log.roots[old], log.roots[size], wrong)


@given(st.integers(2, 60), st.data())
def test_no_proof_bridges_a_changed_past(size: int, data: st.DataObject) -> None:
    """A leaf changed, two swapped, one dropped or one put in: the older head does not fit the new log."""
    hashes = [leaf_hash(n.to_bytes(2)) for n in range(size)]
    old = data.draw(st.integers(1, size))
    at = data.draw(st.integers(0, old - 1))
    changed = [*hashes[:at], leaf_hash(b"forged"), *hashes[at + 1 :]]
    dropped = [*hashes[:at], *hashes[at + 1 :], leaf_hash(b"more")]
    put_in = [*hashes[:at], leaf_hash(b"more"), *hashes[at:]]
    swapped = [*hashes]
    swapped[at], swapped[-1] = swapped[-1], swapped[at]
    head = root_of(hashes[:old])
    for forged in (changed, dropped, put_in, *([swapped] if swapped != hashes else [])):
        log = Log(forged)
        proof = merkle.consistency_proof(old, len(forged), log.get)
        assert not consistency_holds(old, len(forged), head, log.roots[-1], proof)


def damaged(proof: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    """One byte of one step changed, a step dropped, one added, two swapped."""
    found = [[*proof, leaf_hash(b"more")]]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        step = bytearray(proof[at])
        step[bit // 8] ^= 1 << bit % 8
        found += [[*proof[:at], bytes(step), *proof[at + 1 :]], [*proof[:at], *proof[at + 1 :]]]
        if len(proof) > 1:
            found.append([proof[1], proof[0], *proof[2:]])
    return found


def test_what_cannot_be_proved_is_said() -> None:
    log = Log([leaf_hash(b"a")])
    for index, size in ((1, 1), (-1, 1), (0, 0)):
        with pytest.raises(ValueError, match="no leaf"):
            merkle.inclusion_proof(index, size, log.get)
    for old, new in ((0, 1), (2, 1)):
        with pytest.raises(ValueError, match="no proof"):
            merkle.consistency_proof(old, new, log.get)
