"""Machines that answer anything at all: a collector says so in lines, goes on, ends when told to, and never fails."""

from __future__ import annotations

import random
import socket
import threading
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from linewarden.collectors.catalogue import kinds
from linewarden.collectors.enip import Enip, EnipTag
from linewarden.collectors.http_json import HttpJson, HttpTag
from linewarden.collectors.modbus import Modbus, ModbusTag
from linewarden.collectors.s7 import S7, S7Tag
from tests.collectors.polling_house import Peer, running, until

QUICK: dict[str, Any] = {"interval": 0.02, "timeout": 0.2, "retry_first": 0.05, "retry_most": 0.05}


class Spoiler:
    """Stands before a real server and spoils its answers: bytes changed, cut off, doubled, made up. seed: how."""

    def __init__(self, to: int | None, seed: int) -> None:
        self._to, self._dice = to, random.Random(seed)
        self.count = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(near,), daemon=True).start()

    def _one(self, near: socket.socket) -> None:
        near.settimeout(5)
        with near, suppress(OSError), ExitStack() as stack:
            far = None
            if self._to is not None:
                far = stack.enter_context(socket.create_connection(("127.0.0.1", self._to), timeout=5))
            while data := near.recv(4096):
                answer = self._dice.randbytes(60)
                if far is not None:
                    far.sendall(data)
                    answer = far.recv(4096)
                self.count += 1
                near.sendall(self._spoiled(answer))

    def _spoiled(self, answer: bytes) -> bytes:
        dice = self._dice
        if not answer or dice.random() < 0.5:
            return answer
        how, at = dice.randrange(5), dice.randrange(len(answer))
        if how == 0:
            return answer[:at] + bytes([dice.randrange(256)]) + answer[at + 1 :]
        if how == 1:
            return answer[:at]
        if how == 2:
            return answer + answer
        if how == 3:
            return answer[:at] + dice.randbytes(4) + answer[at:]
        return dice.randbytes(at + 1)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5)


def settings(kind: str, port: int) -> Any:
    if kind == "modbus":
        tags = tuple(ModbusTag(f"R{at}", at) for at in range(0, 40, 3))
        return Modbus("127.0.0.1", (*tags, ModbusTag("C", 1, area="coil", type="bit")), port=port, **QUICK)
    if kind == "rtu":
        return Modbus("127.0.0.1", tuple(ModbusTag(f"R{at}", at) for at in range(3)), "rtu", port, **QUICK)
    if kind == "s7":
        of = (
            S7Tag("R", "DB1.DBD0", "real"),
            S7Tag("N", "DB1.DBB12", "string", length=8),
            S7Tag("D", "DB1.DBB22", "dtl"),
        )
        return S7("127.0.0.1", of, port=port, **QUICK)
    if kind == "enip":
        return Enip("127.0.0.1", (EnipTag("Speed"), EnipTag("Pump")), port=port, **QUICK)
    return HttpJson(f"http://127.0.0.1:{port}/", (HttpTag("A", "a"),), **{**QUICK, "interval": 0.1})


@pytest.mark.parametrize("made_up", [False, True])
@pytest.mark.parametrize("kind", ["modbus", "rtu", "s7", "enip", "http_json"])
def test_spoiled_answers_never_end_a_collector(kind: str, made_up: bool) -> None:
    module = {"modbus": "modbus_pymodbus", "rtu": "modbus_pymodbus", "s7": "s7_snap7", "enip": "enip_logix"}.get(kind)
    peer = Peer(module, rtu=True) if module and kind == "rtu" else Peer(module) if module and not made_up else None
    spoiler = Spoiler(None if made_up or peer is None else peer.port, seed=19)
    kind_of = kinds()["modbus" if kind == "rtu" else kind]
    with running(kind_of, settings(kind, spoiler.port)) as sink:
        until(lambda: spoiler.count >= 20, 30)
    assert all("\n" not in said and len(said) < 600 for said in sink.said)
    spoiler.close()
    if peer is not None:
        peer.stop()
