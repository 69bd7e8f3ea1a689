"""The EtherNet/IP collector against cpppo (a program of its own), and against what a Logix controller answers."""

from __future__ import annotations

import importlib.util
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from linewarden.collectors._polling.enip_session import leaves
from linewarden.collectors.contract import Quality
from linewarden.collectors.enip import KIND, Enip, EnipTag
from tests.collectors.polling_house import Peer, free_port, running, until

pytest.importorskip("pycomm3", reason="install pycomm3 to run the tests of the EtherNet/IP collector")
QUICK: dict[str, Any] = {"interval": 0.05, "timeout": 1.0, "retry_first": 0.1, "retry_most": 0.3}
READS = {"0x01", "0x03", "0x0e", "0x4c", "0x55"}
CONNECTION = {"0x54", "0x5b", "0x4e"}


def settings(port: int, tags: list[EnipTag], **other: Any) -> Enip:
    return Enip("127.0.0.1", tuple(tags), port=port, **{**QUICK, **other})


@contextmanager
def cpppo(*tags: str) -> Iterator[int]:
    if importlib.util.find_spec("cpppo") is None:
        pytest.skip("install cpppo to run this test")
    port = free_port()
    argv = [sys.executable, "-m", "cpppo.server.enip", "--address", f"127.0.0.1:{port}", "--no-print", *tags]
    server = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def listens() -> bool:
        with socket.socket() as knock:
            return knock.connect_ex(("127.0.0.1", port)) == 0

    try:
        until(listens, 30)
        yield port
    finally:
        server.kill()
        server.wait(10)


class Recorder:
    """Stands between, and notes the CIP services that go to the device."""

    def __init__(self, to: int) -> None:
        self.services: set[int] = set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._to = to
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._to))
            back = threading.Thread(target=self._carry, args=(far, near, False), daemon=True)
            back.start()
            self._carry(near, far, True)
            back.join(5)

    def _carry(self, source: socket.socket, to: socket.socket, there: bool) -> None:
        with to:
            try:
                while data := source.recv(4096):
                    if there and data[:2] == b"\x6f\x00":  # SendRRData: items, then service and path
                        at = 24 + 6 + 2 + 4
                        (kind,) = struct.unpack_from("<H", data, at)
                        assert kind == 0xB2
                        cip = data[at + 4 :]
                        self.services.add(cip[8 + 2] if cip[0] == 0x52 else cip[0])
                    to.sendall(data)
            except OSError:
                return

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


def test_symbols_and_attributes_of_a_device_without_a_list_of_tags() -> None:
    tags = [
        EnipTag("SPEED", "Label_Speed", ucum="m/min", scale=2.0, low=0, high=10),
        EnipTag("COUNT", "Labels_Applied"),
        EnipTag("TEXT", "Label_Text"),
        EnipTag("NONE", "Not_There"),
        EnipTag("VENDOR", cip=(1, 1, 1), type="uint"),
        EnipTag("PRODUCT", cip=(1, 1, 7), type="short_string"),
    ]
    with cpppo("Labels_Applied=DINT", "Label_Speed=REAL", "Label_Text=SSTRING") as port:
        recorder = Recorder(port)
        with running(KIND, settings(recorder.port, tags, logix=False)) as sink:
            until(lambda: len(sink.of("COUNT")) >= 3)
        recorder.close()
        values = sink.values()
        assert (values["SPEED"], values["COUNT"], values["TEXT"], values["VENDOR"]) == (0.0, 0.0, "", 1.0)
        assert "1756" in str(values["PRODUCT"])
        assert sink.of("NONE") == [None]
        # cpppo hangs up on a name that it does not have: that is one loss, not one at every poll.
        (told,) = [s for s in sink.said if "NONE" in s]
        assert "check its name" in told
        assert len(sink.downs()) <= 1
        assert recorder.services == {0x4C, 0x0E}
        speed = next(t for t in sink.tags if t.name == "SPEED")
        assert (speed.source, speed.protocol, speed.area, speed.ucum, speed.high) == (
            "127.0.0.1", "enip", "tag", "m/min", 10,
        )  # fmt: skip


def test_structures_come_with_all_that_is_in_them() -> None:
    tags = [EnipTag("LINE.SPEED", "Speed"), EnipTag("Count"), EnipTag("Pump"), EnipTag("Label"), EnipTag("Gone")]
    with Peer("enip_logix") as peer:
        with running(KIND, settings(peer.port, tags)) as sink:
            until(lambda: len(sink.of("Count")) >= 3)
        assert sink.values() == {
            "LINE.SPEED": 12.5, "Count": -42.0, "Pump.Running": 0.0, "Pump.Fault": 1.0, "Pump.Level": 1.5,
            "Pump.Temperatures[0]": 20.0, "Pump.Temperatures[1]": 21.0, "Pump.Temperatures[2]": 22.0,
            "Pump.Starts": 7.0, "Label": "Lemon", "Gone": None,
        }  # fmt: skip
        assert {t.name: t.datatype for t in sink.tags}["Pump.Running"] == "bool"
        assert set(peer.notes) <= READS | CONNECTION
        # The list of tags is read once, not at every poll.
        assert peer.notes.count("0x55") <= 2


def test_a_restart_is_a_gap() -> None:
    with Peer("enip_logix") as peer, running(KIND, settings(peer.port, [EnipTag("Speed"), EnipTag("Pump")])) as sink:
        until(lambda: len(sink.of("Speed")) >= 3)
        peer.stop()
        until(sink.downs)
        assert sink.last("Pump.Level").quality is Quality.BAD
        peer.start()
        until(lambda: any("polls missed" in s for s in sink.said))
        assert sink.last("Speed").value == 12.5
        assert len([r for r in sink.rows if r.quality is Quality.BAD]) == 8


def test_half_an_answer_is_a_loss_and_not_an_endless_wait() -> None:
    """pycomm3 alone would wait for ever for the rest."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(100)
                    connection.sendall(struct.pack("<HHII8sI", 0x65, 4, 1, 0, bytes(8), 0) + b"\1")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with running(KIND, settings(port, [EnipTag("Speed")])) as sink:
            until(sink.downs)
        assert "closed the connection" in sink.said[0]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_nobody_there_is_told_once() -> None:
    with running(KIND, settings(free_port(), [EnipTag("Speed")])) as sink:
        until(sink.downs)
        assert len(sink.said) == 1 and "logix = false" in sink.said[0]


def test_structures_are_flattened_in_order() -> None:
    value = {"A": [1, {"B": True}], "C": "x", "D": None}
    assert list(leaves(value)) == [(".A[0]", 1), (".A[1].B", True), (".C", "x")]


@pytest.mark.parametrize(
    ("tag", "field"),
    [
        (EnipTag("A", "B", cip=(1, 1, 1), type="uint"), "cip"),
        (EnipTag("A", cip=(1, 1, 1)), "type"),
        (EnipTag("A", type="uint"), "type"),
        (EnipTag("A", cip=(1, 1, 70_000), type="uint"), "cip"),
    ],
)
def test_wrong_settings_name_the_field(tag: EnipTag, field: str) -> None:
    assert KIND.check is not None
    assert [f for f, _ in KIND.check(settings(1, [tag]))] == [f"tags[0].{field}"]
