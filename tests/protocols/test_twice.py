"""A place of a stream that comes twice: as TCP sends it again, or changed by somebody in between."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st

from tests.protocols.harness import read_frames, tcp_frames

REQUEST = bytes.fromhex("000100000006010300000002")
ANSWER = bytes.fromhex("00010000000701030400010002")


def weirds(answer_again: bytes) -> list[str]:
    """The weirds of a dialogue whose answer is seen a second time, as this."""
    frames = tcp_frames([("c", REQUEST), ("s", ANSWER)], 502, client_port=50_000)
    place = next(i for i, frame in enumerate(frames) if frame.endswith(ANSWER))
    again = frames[place][: -len(ANSWER)] + answer_again
    rows = read_frames([*frames[: place + 1], again, *frames[place + 1 :]])
    assert rows["modbus"][0]["func"] == 3
    return [w["name"] for w in rows.get("weird", ())]


def test_an_answer_that_comes_changed_is_said() -> None:
    assert "data_mismatch" in weirds(bytes.fromhex("00010000000701030400010003"))


def test_an_answer_that_is_sent_again_is_nothing() -> None:
    assert "data_mismatch" not in weirds(ANSWER)


@settings(max_examples=30, deadline=None)
@given(place=st.integers(0, len(ANSWER) - 1), bits=st.integers(1, 255))
def test_any_changed_byte_is_seen(place: int, bits: int) -> None:
    changed = bytearray(ANSWER)
    changed[place] ^= bits
    assert "data_mismatch" in weirds(bytes(changed))
