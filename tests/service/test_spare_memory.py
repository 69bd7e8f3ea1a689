"""What was freed goes back to the system."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from linewarden.service import spare_memory

PIECES, SIZE = 4_000, 8_000


def anonymous_mb() -> float:
    line = next(n for n in Path("/proc/self/status").read_text().splitlines() if n.startswith("RssAnon"))
    return int(line.split()[1]) / 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_free_pieces_between_used_ones_are_given_back() -> None:
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "malloc_trim"):
        pytest.skip("needs glibc")
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    pieces = [libc.malloc(SIZE) for _ in range(PIECES)]
    for piece in pieces:
        ctypes.memset(piece, 1, SIZE)
    for piece in pieces[:-1]:  # the last one keeps the heap from shrinking by itself
        libc.free(piece)
    before = anonymous_mb()
    assert spare_memory.give_back()
    assert anonymous_mb() < before - PIECES * SIZE / 1e6 / 2
    libc.free(pieces[-1])


def test_it_is_done_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now, given = [0.0], []
    monkeypatch.setattr(spare_memory.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(spare_memory, "give_back", lambda: given.append(now[0]))
    giving = spare_memory.GivingBack()
    for second in range(200):
        now[0] = float(second)
        giving.at_times()
    assert given == [60.0, 120.0, 180.0]


def test_without_glibc_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spare_memory, "_trim", lambda: None)
    assert not spare_memory.give_back()
