"""The Modbus collector against servers of other hands: pymodbus, and Debian's libmodbus."""

from __future__ import annotations

import ctypes.util
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from linewarden.collectors._polling.modbus_codec import crc
from linewarden.collectors.contract import Quality
from linewarden.collectors.modbus import KIND, Modbus, ModbusTag
from tests.collectors.polling_house import MemorySink, Peer, certificates, free_port, running, until

pytest.importorskip("pymodbus", reason="install pymodbus to run the tests of the Modbus collector")
libmodbus = pytest.mark.skipif(
    ctypes.util.find_library("modbus") is None, reason="no libmodbus: apt-get install mbpoll"
)
QUICK: dict[str, Any] = {"interval": 0.05, "timeout": 0.5, "retry_first": 0.1, "retry_most": 0.3}
READS = {"1", "2", "3", "4"}


def settings(port: int, tags: list[ModbusTag], **other: Any) -> Modbus:
    return Modbus("127.0.0.1", tuple(tags), port=port, **{**QUICK, **other})


def registers(*addresses: int, **other: Any) -> list[ModbusTag]:
    return [ModbusTag(f"R{at}", at, **other) for at in addresses]


TAGS = [
    ModbusTag("TEMPERATURE", 0, type="float32", ucum="Cel", low=-20, high=120),
    ModbusTag("COUNT", 2, type="int32"),
    ModbusTag("PRESSURE", 4, scale=0.01, offset=-1.0, ucum="bar"),
    ModbusTag("RUNS", 5, type="bit", bit=3),
    ModbusTag("ENERGY", 6, type="float64"),
    ModbusTag("BROKEN", 10, type="float32"),
    ModbusTag("NAME", 20, type="string", length=6),
    ModbusTag("FLOW", 7, area="input_register", unit=2),
    ModbusTag("VALVE", 3, area="coil", type="bit"),
    ModbusTag("DOOR", 4, area="discrete_input", type="bit"),
]
EXPECTED = {
    "TEMPERATURE": 21.5, "COUNT": -70_000.0, "PRESSURE": pytest.approx(11.34), "RUNS": 1.0, "ENERGY": 3.25,
    "BROKEN": None, "NAME": "PUMP-7", "FLOW": 2007.0, "VALVE": 1.0, "DOOR": 0.0,
}  # fmt: skip


@pytest.mark.parametrize("transport", ["tcp", "rtu", "tls"])
def test_all_kinds_of_values_come_over_each_transport(transport: Any, tmp_path: Path) -> None:
    options: dict[str, Any] = {"rtu": transport == "rtu"}
    own: dict[str, Any] = {}
    if transport == "tls":
        made = certificates(tmp_path, "device", "collector")
        options = {"ca": made["ca"], "cert": made["device"], "key": made["device.key"]}
        own = {"ca_file": made["ca"], "cert_file": made["collector"], "key_file": made["collector.key"]}
    with Peer("modbus_pymodbus", **options) as peer:
        with running(KIND, settings(peer.port, TAGS, transport=transport, **own)) as sink:
            until(lambda: len(sink.puts) >= 3)
        assert sink.values() == EXPECTED
        assert sink.said == [f"UP 127.0.0.1:{peer.port}"]
        assert (sink.last("BROKEN").quality, sink.last("BROKEN").status) == (Quality.BAD, "not_a_number")
        temperature = sink.tags[0]
        assert (temperature.source, temperature.unit, temperature.area, temperature.start) == (
            "127.0.0.1", 1, "holding_register", 0,
        )  # fmt: skip
        assert (temperature.ucum, temperature.low, temperature.high) == ("Cel", -20, 120)
        # One request for each unit and area in each round, and nothing but reads.
        assert {note.split()[0] for note in peer.notes} <= READS
        assert len(set(peer.notes)) == 4


def test_a_device_without_our_authority_is_refused_and_told_why(tmp_path: Path) -> None:
    made, other = certificates(tmp_path / "a", "device", "collector"), certificates(tmp_path / "b", "x")
    with Peer("modbus_pymodbus", ca=made["ca"], cert=made["device"], key=made["device.key"]) as peer:
        own = {"cert_file": made["collector"], "key_file": made["collector.key"], "transport": "tls"}
        with running(KIND, settings(peer.port, TAGS, ca_file=other["ca"], **own)) as sink:
            until(sink.downs)
        assert "certificate is not accepted" in sink.said[0] and "ca_file" in sink.said[0]
        with running(KIND, settings(peer.port, TAGS, ca_file=made["ca"], server_name="other", **own)) as sink:
            until(sink.downs)
        assert "server_name" in sink.said[0]
        stranger = {"cert_file": other["x"], "key_file": other["x.key"], "transport": "tls"}
        with running(KIND, settings(peer.port, TAGS, ca_file=made["ca"], **stranger)) as sink:
            until(sink.downs)
        assert len(sink.downs()) == 1 and not sink.rows
        assert peer.notes == []


def test_a_hole_that_the_device_refuses_is_found_once_and_said_once() -> None:
    """Registers 0-39 and 100-139 are there; reading across is refused, whatever the settings hope."""
    with Peer("modbus_pymodbus") as peer:
        with running(KIND, settings(peer.port, registers(0, 1, 30, 100, 101, 139), hole=100)) as sink:
            until(lambda: len(sink.puts) >= 5)
        assert sink.values() == {"R0": 16812.0, "R1": 0.0, "R30": 0.0, "R100": 100.0, "R101": 101.0, "R139": 139.0}
        assert peer.notes.count("3 1 0 140") == 0  # more than 125 are never asked for
        assert peer.notes.count("3 1 0 102") == 1
        assert len([s for s in sink.said if "read in parts" in s]) == 1
        assert all(row.quality is Quality.GOOD for row in sink.rows)


def test_a_tag_that_is_not_there_costs_the_others_nothing() -> None:
    with Peer("modbus_pymodbus") as peer:
        with running(KIND, settings(peer.port, registers(38, 39, 40, 100))) as sink:
            until(lambda: len(sink.puts) >= 5)
        assert {k: v for k, v in sink.values().items() if k != "R40"} == {"R38": 0.0, "R39": 0.0, "R100": 100.0}
        assert (sink.last("R40").quality, sink.last("R40").status) == (Quality.BAD, "illegal_data_address")
        told = [s for s in sink.said if "R40" in s]
        assert len(told) == 1 and "holding_register 40" in told[0] and "check address" in told[0]
        assert len(sink.of("R40")) == 1  # nor does it fill the disk
        assert len([n for n in peer.notes if n == "3 1 40 1"]) == 1  # it is not asked for at every poll


def test_a_restart_of_the_device_is_a_gap_that_is_told_and_nothing_else_is_lost() -> None:
    with Peer("modbus_pymodbus") as peer, running(KIND, settings(peer.port, registers(0, 100))) as sink:
        until(lambda: len(sink.puts) >= 3)
        peer.stop()
        until(sink.downs)
        assert {(sink.last(n).quality, sink.last(n).status) for n in ("R0", "R100")} == {(Quality.BAD, "no_answer")}
        bad = len([r for r in sink.rows if r.quality is Quality.BAD])
        peer.start()
        before = len(sink.puts)
        until(lambda: len(sink.puts) >= before + 3)
        assert bad == len([r for r in sink.rows if r.quality is Quality.BAD]) == 2  # one a tag, not one a poll
        assert sink.last("R100").value == 100.0
        (gap,) = [s for s in sink.said if "polls missed" in s]
        assert "no values for" in gap and "UTC" in gap
        assert [s.split()[0] for s in sink.said if s.startswith(("UP", "DOWN"))][::2] == ["UP", "UP"]


def test_tags_that_come_to_be_are_read_once_they_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linewarden.collectors._polling.block_reader.ASK_AGAIN", 0.3)
    there = threading.Event()

    def answer(request: bytes, _: int) -> bytes:
        alone = request[8:12] == b"\0\0\0\1"
        return said(request, b"\x03\x02\x00\x05" if alone or there.is_set() else b"\x83\x02")

    with Script(answer) as peer, running(KIND, settings(peer.port, registers(0, 50))) as sink:
        until(lambda: len(sink.of("R0")) >= 10)
        assert sink.of("R50") == [None]
        there.set()
        until(lambda: sink.last("R50").value == 5.0)
        until(lambda: any("values again of R50" in s for s in sink.said))
        assert len([s for s in sink.said if "no value of R50" in s]) == 1


def test_one_silent_group_does_not_end_the_connection() -> None:
    def answer(request: bytes, _: int) -> bytes:
        return said(request, b"\x03\x02\x00\x05") if request[6] == 1 else b""

    tags = [ModbusTag("HERE", 5), ModbusTag("GONE", 0, unit=9, interval=0.07)]
    with Script(answer) as peer, running(KIND, settings(peer.port, tags, **PATIENT)) as sink:
        alone(sink)


def test_slow_groups_are_asked_seldom() -> None:
    tags = [ModbusTag("FAST", 0), ModbusTag("SLOW", 100, interval=60.0)]
    with Peer("modbus_pymodbus") as peer, running(KIND, settings(peer.port, tags)) as sink:
        until(lambda: len(sink.of("FAST")) >= 60 and sink.of("SLOW"))
        assert len(sink.of("SLOW")) <= 2


def test_new_values_are_seen() -> None:
    with Peer("modbus_pymodbus") as peer, running(KIND, settings(peer.port, registers(100))) as sink:
        until(lambda: sink.of("R100"))
        peer.tell("set 100 4711")
        until(lambda: sink.last("R100").value == 4711.0)


@libmodbus
@pytest.mark.parametrize("closes", [False, True])
def test_libmodbus_with_one_connection_and_also_one_that_hangs_up_after_each_answer(closes: bool) -> None:
    tags = [*registers(0, 7, 59), ModbusTag("IN", 9, area="input_register"), ModbusTag("C", 5, area="coil", type="bit")]
    with Peer("modbus_libmodbus", closes=closes) as peer:
        with running(KIND, settings(peer.port, tags, hole=60)) as sink:
            until(lambda: len(sink.puts) >= 4)
        assert sink.values() == {"R0": 0.0, "R7": 7.0, "R59": 59.0, "IN": 1009.0, "C": 1.0}
        assert not [s for s in sink.said if not s.startswith("UP")]
        assert {n.split()[0] for n in peer.notes} == {"1", "3", "4"}


@libmodbus
def test_a_device_that_gives_fewer_registers_than_the_standard_is_found_out() -> None:
    with Peer("modbus_libmodbus", most=16) as peer, running(KIND, settings(peer.port, registers(*range(60)))) as sink:
        until(lambda: len(sink.puts) >= 3)
        assert [sink.last(f"R{at}").value for at in range(60)] == list(range(60))
        count = len(peer.notes)
        puts = len(sink.puts)
        until(lambda: len(sink.puts) >= puts + 3)
        assert all(int(n.split()[3]) <= 16 for n in peer.notes[count:])


class Script:
    """A server that answers each request with the next of some bytes, `{}` being the request's number and unit."""

    def __init__(self, answer: Any) -> None:
        self.asked: list[bytes] = []
        self._answer = answer
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                try:
                    while data := connection.recv(260):
                        self.asked.append(data)
                        if answer := self._answer(data, len(self.asked)):
                            connection.sendall(answer)
                except OSError:
                    continue

    def __enter__(self) -> Script:
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)


def said(request: bytes, pdu: bytes) -> bytes:
    return request[:4] + (len(pdu) + 1).to_bytes(2, "big") + request[6:7] + pdu


SILENT = [ModbusTag("HERE", 5), ModbusTag("GONE", 0, unit=9)]
PATIENT: dict[str, Any] = {"timeout": 0.2, "retries": 0}


def alone(sink: MemorySink) -> None:
    """Unit 9 is silent, and that is said once and costs the other nothing."""
    until(lambda: len(sink.of("HERE")) >= 10)
    assert set(sink.of("HERE")) == {5.0}
    assert sink.of("GONE") == [None]
    assert (sink.last("GONE").quality, sink.last("GONE").status) == (Quality.BAD, "no_answer")
    assert not sink.downs()
    assert len([s for s in sink.said if "unit 9 does not answer" in s]) == 1


@libmodbus
def test_a_unit_that_is_silent_does_not_hold_up_the_others() -> None:
    with Peer("modbus_libmodbus", silent=9) as peer, running(KIND, settings(peer.port, SILENT, **PATIENT)) as sink:
        alone(sink)


def test_a_unit_behind_a_serial_gateway_is_silent() -> None:
    frame = bytes.fromhex("0103020005")
    answer = frame + crc(frame).to_bytes(2, "little")
    with Script(lambda request, _: answer if request[0] == 1 else b"") as peer:
        own = {**PATIENT, "transport": "rtu"}
        with running(KIND, settings(peer.port, SILENT, **own)) as sink:
            alone(sink)
    assert {request[1] for request in peer.asked} == {3}


@pytest.mark.parametrize("code", [10, 11])
def test_a_gateway_that_cannot_reach_a_unit_is_quoted(code: int) -> None:
    def answer(request: bytes, _: int) -> bytes:
        return said(request, b"\x03\x02\x00\x05" if request[6] == 1 else bytes([0x83, code]))

    with Script(answer) as peer, running(KIND, settings(peer.port, SILENT)) as sink:
        until(lambda: len(sink.of("HERE")) >= 10)
        assert set(sink.of("HERE")) == {5.0} and set(sink.of("GONE")) == {None}
        assert len([s for s in sink.said if "unit 9 cannot be reached by the gateway" in s]) == 1
        assert len([r for r in peer.asked if r[6] == 9]) < 5  # it is asked for less and less


def test_a_busy_device_is_asked_again_within_the_poll() -> None:
    def answer(request: bytes, turn: int) -> bytes:
        return said(request, b"\x83\x06" if turn % 2 else b"\x03\x02\x00\x2a")

    with Script(answer) as peer, running(KIND, settings(peer.port, registers(0))) as sink:
        until(lambda: len(sink.puts) >= 2)
        assert set(sink.of("R0")) == {42.0}


def test_a_late_answer_is_not_taken_for_another() -> None:
    """The first answer comes with the second request: by its number it is known to be old."""
    held: list[bytes] = []

    def answer(request: bytes, turn: int) -> bytes:
        held.append(said(request, b"\x03\x02" + turn.to_bytes(2, "big")))
        return b"" if turn == 1 else held[0] + held[-1] if turn == 2 else held[-1]

    with Script(answer) as peer, running(KIND, settings(peer.port, registers(0), timeout=0.2)) as sink:
        until(lambda: len(sink.puts) >= 3)
        assert sink.of("R0")[:3] == [2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("bytes_", "why"), [(b"HTTP/1.1 400 Bad Request\r\n\r\n", "no Modbus TCP"), (b"", "no answer from unit 1")]
)
def test_what_is_no_modbus_is_told_once_and_tried_again(bytes_: bytes, why: str) -> None:
    with Script(lambda *_: bytes_) as peer, running(KIND, settings(peer.port, registers(0), timeout=0.1)) as sink:
        until(lambda: len(peer.asked) >= 6)
        (down,) = sink.downs()
        assert why in down and "check" in down
        assert not sink.rows


def test_nobody_there_is_told_once() -> None:
    with running(KIND, settings(free_port(), registers(0))) as sink:
        until(sink.downs)
        threading.Event().wait(1.0)
        assert len(sink.said) == 1 and "check host, port" in sink.said[0]


def spread(port: int, **other: Any) -> Modbus:
    """Eight requests a round."""
    tags = [ModbusTag(f"R{at}", at, area="input_register") for at in range(0, 300, 40)]
    return settings(port, tags, **other)


def test_several_requests_at_once_find_their_answers() -> None:
    """Answered together, and last first."""

    def answer(data: bytes, _: int) -> bytes:
        asked = [data[at : at + 12] for at in range(0, len(data), 12)]
        return b"".join(said(request, b"\x04\x02" + request[8:10]) for request in reversed(asked))

    with Script(answer) as peer, running(KIND, spread(peer.port, in_flight=4)) as sink:
        until(lambda: len(sink.puts) >= 3)
        assert sink.values() == {f"R{at}": at for at in range(0, 300, 40)}
        assert {len(data) for data in peer.asked} == {48}


def test_a_device_that_takes_one_request_at_a_time_is_found_out() -> None:
    """pymodbus answers one of the requests that come in one segment."""
    with Peer("modbus_pymodbus") as peer, running(KIND, spread(peer.port, in_flight=4)) as sink:
        until(lambda: len(sink.puts) >= 3)
        assert sink.values() == {f"R{at}": 1000.0 + at for at in range(0, 300, 40)}
        assert all(row.quality is Quality.GOOD for row in sink.rows)
        assert len([s for s in sink.said if "one by one" in s]) == 1


@pytest.mark.parametrize(
    ("tags", "other", "field", "text"),
    [
        ([], {}, "tags", "nothing to read"),
        (registers(0, 0), {}, "tags[1].name", "twice"),
        (registers(65_535, type="int32"), {}, "tags[0].address", "0 to 65535"),
        (registers(0, area="coil", type="float32"), {}, "tags[0].type", "single bit"),
        (registers(0, type="string", length=126), {}, "tags[0].length", "1 to 125"),
        (registers(0, type="float64"), {"most_registers": 2}, "tags[0].type", "takes 4 registers"),
        (registers(0, low=5, high=1), {}, "tags[0].low", "not below"),
        (registers(0), {"transport": "tls"}, "cert_file", "certificate of ours"),
        (registers(0), {"ca_file": Path("x")}, "transport", "tls"),
    ],
)
def test_wrong_settings_name_the_field_and_the_way_out(
    tags: list[ModbusTag], other: dict[str, Any], field: str, text: str
) -> None:
    assert KIND.check is not None
    found = KIND.check(settings(1, tags, **other))
    assert [f for f, _ in found] == [field]
    assert text in found[0][1]
