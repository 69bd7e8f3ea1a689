"""Modbus as bytes."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from linewarden.collectors._polling.modbus_codec import MOST, Answer, Mbap, Read, Rtu, answer_of, crc
from linewarden.collectors._polling.trouble import LostError

reads = st.sampled_from(sorted(MOST)).flatmap(
    lambda area: st.builds(Read, st.integers(0, 255), st.just(area), st.integers(0, 60_000), st.integers(1, MOST[area]))
)


def test_the_examples_of_the_standard() -> None:
    """V1.1b3, 6.1 (coils 20-38) and 6.3 (registers 108-110)."""
    coils, registers = Read(1, "coil", 0x13, 0x13), Read(1, "holding_register", 0x6B, 3)
    assert coils.pdu().hex() == "0100130013"
    assert registers.pdu().hex() == "03006b0003"
    found = answer_of(coils, bytes.fromhex("0103cd6b05")).words
    assert found is not None and found[:8] == (1, 0, 1, 1, 0, 0, 1, 1) and len(found) == 19
    assert answer_of(registers, bytes.fromhex("0306022b00000064")).words == (0x22B, 0, 0x64)
    assert answer_of(registers, bytes.fromhex("8302")) == Answer(code=2)
    assert crc(bytes.fromhex("0207")) == 0x1241


@given(reads)
def test_nothing_but_the_four_reads_can_be_written(read: Read) -> None:
    assert read.pdu()[0] in (1, 2, 3, 4)
    number, tcp = Mbap().request(read)
    assert tcp[:2] == number.to_bytes(2, "big") and tcp[7] in (1, 2, 3, 4) and len(tcp) == 12
    _, rtu = Rtu().request(read)
    assert rtu[1] in (1, 2, 3, 4) and len(rtu) == 8 and crc(rtu) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        (1, "holding_register", 0, 126),
        (1, "coil", 0, 2001),
        (1, "coil", 65_535, 2),
        (256, "coil", 0, 1),
        (1, "coil", 0, 0),
    ],
)
def test_requests_beyond_the_limits_cannot_be_made(wrong: tuple[int, str, int, int]) -> None:
    with pytest.raises(ValueError, match="no Modbus request"):
        Read(*wrong)


@given(reads, st.binary(min_size=250, max_size=250), st.lists(st.integers(1, 40)))
def test_answers_come_back_however_they_are_cut(read: Read, data: bytes, cuts: list[int]) -> None:
    size = -(-read.count // 8) if MOST[read.area] == 2000 else read.count * 2
    pdu = bytes([read.pdu()[0], size]) + data[:size]
    framings: list[tuple[Mbap | Rtu, bytes]] = []
    tcp, rtu = Mbap(), Rtu()
    number, _ = tcp.request(read)
    rtu.request(read)
    framings.append(
        (tcp, number.to_bytes(2, "big") + b"\0\0" + (len(pdu) + 1).to_bytes(2, "big") + bytes([read.unit]) + pdu)
    )
    frame = bytes([read.unit]) + pdu
    framings.append((rtu, frame + crc(frame).to_bytes(2, "little")))
    for framing, whole in framings:
        at, got = 0, []
        for cut in [*cuts, len(whole)]:
            got += framing.take(whole[at : at + cut])
            at += cut
        ((_, unit, said),) = got
        assert (unit, said) == (read.unit, pdu)
        words = answer_of(read, said).words
        assert words is not None and len(words) == read.count


@given(reads, st.binary(max_size=300))
def test_any_bytes_are_an_answer_or_a_loss(read: Read, data: bytes) -> None:
    for framing in (Mbap(), Rtu()):
        with suppress(LostError):
            for _, _, pdu in framing.take(data):
                answer_of(read, pdu)


def test_a_wrong_checksum_is_no_answer() -> None:
    with pytest.raises(LostError, match="checksum"):
        Rtu().take(bytes.fromhex("0103020001ffff"))
