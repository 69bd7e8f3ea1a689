"""A stream says the same however it is cut into segments, also one that is damaged or forged."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.effort import examples
from tests.protocols import harness as h
from tests.protocols.test_all import OF_THE_MOMENT, STREAMS, Dialogue

PORTS = (*(port for port, _ in STREAMS.values()), 40_404)
DAMAGE = st.tuples(st.integers(0, 15), st.floats(0, 1), st.integers(0, 12), st.one_of(
    st.binary(min_size=1, max_size=12),
    st.sampled_from([b"\0" * 30, b"\xff" * 9, b"\x05\x64", b"\x03\0\0", b"\x68", b"MSG", b"\r\n\r\n", b"HTTP/1.1 "]),
    # The beginning of a good message.
    st.builds(lambda d, i, n: d[i % len(d)][1][:n], st.sampled_from([d for _, d in STREAMS.values()]),
              st.integers(0, 15), st.integers(1, 40)),
))  # fmt: skip
"""Which message, where in it, how many bytes are lost there, and what stands there instead."""


Hole = tuple[int, float, int]
HOLE: st.SearchStrategy[Hole | None] = st.none() | st.tuples(st.integers(0, 7), st.floats(0, 1), st.integers(1, 60))
"""In which turn, where in it, and how many bytes were not recorded."""


def damaged(dialogue: Dialogue, damage: list[tuple[int, float, int, bytes]]) -> Dialogue:
    """The dialogue twice, so that there is something to find after the damage, in turns of one side each."""
    messages = [*dialogue, *dialogue]
    for which, where, lost, put in damage:
        who, message = messages[which % len(messages)]
        at = round(where * len(message))
        messages[which % len(messages)] = (who, message[:at] + put + message[at + lost :])
    turns = itertools.groupby(messages, key=lambda m: m[0])
    return [(who, b"".join(m for _, m in said)) for who, said in turns]


def pieces(turn: bytes, sizes: list[int], hole: tuple[int, int]) -> Iterator[bytes | int]:
    """The turn in segments of these sizes. What is between the ends of the hole was not recorded."""
    start, end = hole
    for part in (turn[:start], len(turn[start:end]), turn[end:]):
        if isinstance(part, int):
            yield part
            continue
        at = 0
        for size in itertools.cycle(sizes):
            if at >= len(part):
                break
            yield part[at : at + size]
            at += size


def told(turns: Dialogue, port: int, cuttings: list[list[int]], hole: Hole | None = None) -> list[dict[str, list[str]]]:
    """What the dialogue says in each of these cuttings, without what belongs to packets."""
    frames: list[bytes] = []
    times: list[int] = []
    for n, sizes in enumerate(cuttings):
        cut = []
        for i, (who, turn) in enumerate(turns):
            start = round(hole[1] * len(turn)) if hole and hole[0] % len(turns) == i else len(turn)
            cut.append((who, pieces(turn, sizes, (start, start + (hole[2] if hole else 0)))))
        for ms, segments in enumerate(h.tcp_turns(cut, port, client_port=50_000 + n)):
            frames += segments
            # Two hours apart: who somebody is is told once an hour, in whichever flow it is said.
            times += [n * 7_200_000 + ms] * len(segments)
    rows = h.read_frames(frames, times_ms=times)
    client = {conn["uid"]: {conn["id.orig_p"], conn["id.resp_p"]} - {port} for conn in rows["conn"]}
    said: dict[int, dict[str, list[str]]] = {n: {} for n in range(len(cuttings))}
    for stream, found in rows.items():
        for row in found if stream != "binding" else ():
            (own,) = client[row["uid"]]
            kept = {k: row[k] for k in ("service",)} if stream == "conn" else _of_messages(row, own)
            said[own - 50_000].setdefault(stream, []).append(repr(kept))
    return list(said.values())


def _of_messages(row: dict[str, Any], client_port: int) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in OF_THE_MOMENT and v != client_port}


@settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(STREAMS)), st.sampled_from((0, 0, *PORTS)), st.lists(DAMAGE, max_size=4),
       st.lists(st.integers(1, 50), min_size=1, max_size=8), HOLE)  # fmt: skip
def test_damaged_streams_say_the_same_however_they_are_cut(
    name: str, port: int, damage: list[tuple[int, float, int, bytes]], sizes: list[int], hole: Hole | None
) -> None:
    home, dialogue = STREAMS[name]
    whole, *cut = told(damaged(dialogue, damage), port or home, [[1 << 16], [1], [3], sizes], hole)
    for other in cut:
        assert other == whole


@pytest.mark.parametrize("name", ["modbus", "s7comm", "dnp3", "iec104", "opcua", "ads", "http", "tls"])
def test_behind_garbage_the_next_message_is_read(name: str) -> None:
    port, dialogue = STREAMS[name]
    twice = [*dialogue, *dialogue]
    soiled = [*dialogue, *((who, b"\xee" * 9 + message) for who, message in dialogue)]
    good, (bad,) = told(twice, port, [[1 << 16]]), told(soiled, port, [[1 << 16]])
    assert [w for w in bad.pop("weird", []) if "framing_lost" not in w] == []
    assert [bad] == good
