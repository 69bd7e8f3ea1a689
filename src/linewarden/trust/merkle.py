"""The Merkle tree of RFC 6962: hashes, roots, proofs, and their verification by the algorithms of RFC 9162.

Sources: RFC 6962 2.1 (hashes, roots, PATH and PROOF), RFC 9162 2.1.3.2 and 2.1.4.2 (how proofs are verified).
A log keeps the hash of each leaf and of each *perfect* subtree (2^level leaves, the first a multiple of 2^level). These
never change: an append adds one leaf and on average one of them, and every root and proof is made of O(log n).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

Get = Callable[[int, int], bytes]
"""(level, index) to the hash of a perfect subtree; level 0 are the leaves."""
Node = tuple[int, int, bytes]
"""Level, index, hash."""
EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Of an entry."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Of two subtrees."""
    return hashlib.sha256(b"\1" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """The perfect subtrees that a log of `size` leaves is made of, the largest first: all that an append needs."""

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    @classmethod
    def of(cls, size: int, get: Get) -> Frontier:
        """That of a log which is there."""
        return cls(size, [get(level, index) for level, index in perfect(size)])

    def append(self, leaf: bytes) -> list[Node]:
        """Adds the hash of a leaf; gives the leaf and the perfect subtrees that it completes."""
        made: list[Node] = [(0, self.size, leaf)]
        while self.size >> len(made) - 1 & 1:
            level, index, right = made[-1]
            made.append((level + 1, index // 2, node_hash(self.hashes.pop(), right)))
        self.hashes.append(made[-1][2])
        self.size += 1
        return made

    def root(self) -> bytes:
        """MTH of the log."""
        if not self.hashes:
            return EMPTY
        found = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            found = node_hash(left, found)
        return found


def perfect(size: int) -> list[tuple[int, int]]:
    """(level, index) of the perfect subtrees of a log of this size, the largest first."""
    found, begin = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            found.append((level, begin >> level))
            begin += 1 << level
    return found


def root_of(leaves: Sequence[bytes]) -> bytes:
    """MTH of hashes of leaves."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def inclusion_proof(index: int, size: int, get: Get) -> list[bytes]:
    """PATH(index, D[size]). Raises ValueError if the log has no such leaf."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a log of {size}")
    return list(_path(index, 0, size, get))


def consistency_proof(old: int, new: int, get: Get) -> list[bytes]:
    """PROOF(old, D[new]): that the log of size `new` begins with that of size `old`. Raises ValueError."""
    if not 0 < old <= new:
        raise ValueError(f"no proof between sizes {old} and {new}")
    return list(_subproof(old, 0, new, True, get))


def _path(leaf: int, begin: int, end: int, get: Get) -> Iterator[bytes]:
    if end - begin == 1:
        return
    middle = begin + _split(end - begin)
    if leaf < middle:
        yield from _path(leaf, begin, middle, get)
        yield _range(middle, end, get)
    else:
        yield from _path(leaf, middle, end, get)
        yield _range(begin, middle, get)


def _subproof(old: int, begin: int, end: int, whole: bool, get: Get) -> Iterator[bytes]:
    """`old` is where the older log ends; `whole`: this subtree is the older log, whose root is known."""
    if old == end:
        if not whole:
            yield _range(begin, end, get)
        return
    middle = begin + _split(end - begin)
    if old <= middle:
        yield from _subproof(old, begin, middle, whole, get)
        yield _range(middle, end, get)
    else:
        yield from _subproof(old, middle, end, False, get)
        yield _range(begin, middle, get)


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _range(begin: int, end: int, get: Get) -> bytes:
    size = end - begin
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return get(level, begin >> level)
    middle = begin + _split(size)
    return node_hash(_range(begin, middle, get), _range(middle, end, get))


def inclusion_holds(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows that `leaf` (its hash) is the one at `index` of the log of that size and root (2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(step, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and hmac.compare_digest(found, root)


def consistency_holds(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that the log of size `new` begins with the whole log of size `old` (2.1.4.2)."""
    if old == new:
        return not proof and hmac.compare_digest(old_root, new_root)
    if not 0 < old < new or not proof:
        return False
    steps = list(proof) if old & (old - 1) else [old_root, *proof]
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            newer = node_hash(newer, step)
        at, last = at >> 1, last >> 1
    return last == 0 and hmac.compare_digest(older, old_root) and hmac.compare_digest(newer, new_root)
