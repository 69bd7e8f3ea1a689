"""Edge nodes of other implementations, in processes of their own: understood as they are, with what they do otherwise.

`scripts/sparkplug-peers.sh` installs them; without it these tests are skipped.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.collectors.sparkplug_house import EdgeNode, House, Mosquitto, metric, require_mosquitto, until
from tests.collectors.test_sparkplug import online, running

FOLDER = Path(os.environ.get("LINEWARDEN_PEERS") or Path.home() / ".cache/linewarden/sparkplug-peers")
HERE = Path(__file__).parent / "sparkplug_peers"
PEERS = {
    "pysparkplug": [str(FOLDER / "pysparkplug/bin/python"), str(HERE / "node_pysparkplug.py")],
    "wrapper": [str(FOLDER / "wrapper/bin/python"), str(HERE / "node_wrapper.py")],
    "tahu": [str(FOLDER / "tahu/bin/python"), str(HERE / "node_tahu.py")],
    "node": ["node", str(HERE / "node.js")],
    "node-deflate": ["node", str(HERE / "node.js")],
    "node-gzip": ["node", str(HERE / "node.js")],
}
MORE = {"node-deflate": ["DEFLATE"], "node-gzip": ["GZIP"]}


class Peer:
    """One of them. It says `ready` and `reborn`, and publishes each number that it is given as its device's `count`."""

    def __init__(self, name: str, port: int) -> None:
        self.node = name.partition("-")[0]
        if not (FOLDER / self.node / "done").exists():
            pytest.skip("no other implementations: scripts/sparkplug-peers.sh installs them")
        environment = os.environ | {"NODE_PATH": str(FOLDER / "node/node_modules")}
        environment.pop("PYTHONPATH", None)
        self._process = subprocess.Popen(
            [*PEERS[name], str(port), *MORE.get(name, [])], text=True, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.said: list[str] = []
        self.errors = ""
        self._threads = [threading.Thread(target=self._listen), threading.Thread(target=self._listen_errors)]
        for thread in self._threads:
            thread.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(line.strip())

    def _listen_errors(self) -> None:
        assert self._process.stderr is not None
        self.errors = self._process.stderr.read()

    def until(self, word: str) -> None:
        until(lambda: word in self.said or self._process.poll() is not None, what=word)
        assert word in self.said, self.errors

    def count(self, number: int) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{number}\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """It ends, and says so to the server in its way. pysparkplug 0.6.1 and Tahu's Python functions say
        another bdSeq in their deaths than in their births."""
        assert self._process.stdin is not None and self._process.stdout is not None
        if not self._process.stdin.closed:
            self._process.stdin.close()
        self._process.wait(20)
        for thread in self._threads:
            thread.join(5)
        self._process.stdout.close()
        assert self._process.stderr is not None
        self._process.stderr.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    require_mosquitto()
    made = Mosquitto(tmp_path / "mosquitto")
    yield made
    made.stop()


WHAT: dict[str, dict[str, Any]] = {
    "pysparkplug": {
        "small": -5.0, "large": -(2.0**40), "unsigned": 2.0**32 - 1, "real": 0.25, "single": 0.5, "truth": 1.0,
        "text": "Grüße", "when": 1.7e12,
    },
    "wrapper": {"ATTR/maker": "somebody", "DATA/level": 0.25, "DATA/text": "Grüße"},
    "tahu": {
        "small": -300.0, "text": "Grüße", "M1/rpm": 1480.0,
        "batch": '{"columns":["n","note"],"rows":[[-1,"a"],[2,"b"]]}',
    },
    "node": {"small": -5.0, "large": -(2.0**40), "text": "Grüße", "level": 0.25},
}  # fmt: skip


@pytest.mark.parametrize("name", PEERS)
def test_it_is_understood(broker: Mosquitto, name: str) -> None:
    house = House()
    with running(house, broker.url, reorder_timeout=0.3, rebirth_pause=1.0) as made:
        online(made)
        peer = Peer(name, broker.port)
        source, device = f"Peers/{peer.node}", f"Peers/{peer.node}/press"
        counter = "count"  # the wrapper has it as DATA/count in births, and as count in data
        try:
            peer.until("ready")
            until(lambda: house.of(device, "DATA/count" if peer.node == "wrapper" else counter))
            for number in range(1, 101):
                peer.count(number)
            wanted = {float(n) for n in range(1, 101)}
            until(lambda: {r.value for r in house.of(device, counter)} >= wanted, what=f"{made.totals()}")
            for tag, value in WHAT[peer.node].items():
                row = house.of(source, tag)[0]
                assert (row.text if isinstance(value, str) else row.value) == value, tag
        finally:
            peer.close()
        until(lambda: house.of(device, "$online")[-1].value == 0.0, what="its death")
        assert house.of(device, counter)[-1].status == "STALE"


@pytest.mark.parametrize("name", PEERS)
def test_it_is_asked_for_its_births_when_it_was_there_first(broker: Mosquitto, name: str) -> None:
    peer = Peer(name, broker.port)
    try:
        peer.until("ready")
        house = House()
        with running(house, broker.url, reorder_timeout=0.3, rebirth_pause=1.0) as made:
            online(made)
            peer.count(7)
            peer.until("reborn")
            device = f"Peers/{peer.node}/press"
            until(
                lambda: house.of(device, "DATA/count" if peer.node == "wrapper" else "count"), what=f"{made.totals()}"
            )
    finally:
        peer.close()


def test_a_server_of_another_maker_that_knows_only_mqtt_3_1_1_serves_as_well() -> None:
    if not (FOLDER / "aedes" / "done").exists():
        pytest.skip("no other implementations: scripts/sparkplug-peers.sh installs them")
    command = ["node", str(HERE / "aedes.mjs"), str(FOLDER / "aedes/node_modules")]
    with subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None and server.stdout is not None
        try:
            port, house = int(server.stdout.readline()), House()
            with running(house, f"mqtt://127.0.0.1:{port}") as made:
                online(made)
                assert made.links[0].session is not None and made.links[0].session.version == 4
                node = EdgeNode(port)
                node.send("NBIRTH", [metric("a", 1.5, alias=1)])
                for number in range(100):
                    node.send("NDATA", [metric("", float(number), alias=1, say_type=False)])
                until(lambda: len(house.of("G/N", "a")) == 101)
                node.kill()
                until(lambda: house.of("G/N", "a")[-1].status == "STALE")
        finally:
            server.stdin.close()
    assert [r.value for r in house.of("G/N", "a")[1:101]] == [float(n) for n in range(100)]
