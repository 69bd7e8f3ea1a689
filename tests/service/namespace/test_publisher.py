"""The namespace at a real broker: another client finds the last of every value, also after the broker was away."""

from __future__ import annotations

import json
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from linewarden.cli import main
from linewarden.collectors.contract import Quality, Samples, Tag
from linewarden.service.namespace.publisher import Publisher
from linewarden.service.namespace.settings import Namespace
from linewarden.service.namespace.wire import last_values
from tests.collectors.sparkplug_house import Mosquitto, require_mosquitto, until
from tests.protocols import harness

mqtt = pytest.importorskip("paho.mqtt.client", reason="pip install 'linewarden[collectors]'")
pytestmark = pytest.mark.usefixtures("_needs_mosquitto")
LEVEL = Tag("10.0.0.5", "modbus", "TANK.LEVEL", ucum="m")
STATE = Tag("10.0.0.5", "modbus", "STATE")


@pytest.fixture
def _needs_mosquitto() -> None:
    require_mosquitto()


class Reader:
    """Another client: what it knows of each topic, and whether it came as retained."""

    def __init__(self, port: int) -> None:
        self.known: dict[str, Any] = {}
        self.retained: dict[str, bool] = {}
        self.count = 0
        self._lock = threading.Lock()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda c, *_: c.subscribe("#", qos=1)
        self._client.on_message = self._message
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _message(self, _client: Any, _userdata: object, message: Any) -> None:
        with self._lock:
            self.known[message.topic] = json.loads(message.payload)
            self.retained[message.topic] = bool(message.retain)
            self.count += 1

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Plant:
    """A publisher with two tags."""

    def __init__(self, port: int, **keys: Any) -> None:
        settings = Namespace(
            servers=(f"mqtt://127.0.0.1:{port}",), every_s=0.05, retry_first=0.05, retry_most=0.2, **keys
        )
        self.said: list[str] = []
        places = {"10.0.0.5": {"asset": "Tank 1", "line": "Filling"}}
        self.publisher = Publisher(settings, "north", lambda s: places.get(s, {}), self.said.append)
        self._take = self.publisher.samples([LEVEL, STATE].__getitem__)

    def put(self, number: int, value: float | str, at: int, quality: Quality = Quality.GOOD) -> None:
        samples = Samples()
        samples.add(number, value, source_ts=at, server_ts=None, quality=quality)
        self._take("press", samples, at + 1)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    found = Mosquitto(tmp_path / "broker")
    yield found
    found.stop()


def test_who_comes_later_has_the_last_of_every_value_at_once(broker: Mosquitto) -> None:
    plant = Plant(broker.port)
    plant.publisher.start()
    try:
        for step in range(5):
            plant.put(0, 3.0 + step / 10, 1_700_000_000_000_000_000 + step)
        plant.put(1, "running", 1_700_000_000_000_000_000, Quality.UNCERTAIN)
        first = Reader(broker.port)  # it is there before: what it has was published
        until(lambda: len(first.known) == 3)
        first.close()
        reader = Reader(broker.port)
        level = until(lambda: reader.known.get("north/Filling/Tank 1/TANK.LEVEL"))
        state = until(lambda: reader.known.get("north/Filling/Tank 1/STATE"))
        status = until(lambda: reader.known.get("north/linewarden/status"))
        reader.close()
    finally:
        plant.publisher.stop()
    assert (level["value"], level["unit"], level["quality"]) == (3.4, "m", "good")
    assert level["time"] == "2023-11-14T22:13:20.000Z"
    assert (state["value"], state["quality"]) == ("running", "uncertain") and "unit" not in state
    assert status["online"] is True and all(reader.retained.values())


def test_an_older_value_that_comes_late_changes_nothing(broker: Mosquitto) -> None:
    plant = Plant(broker.port)
    plant.put(0, 2.0, 2_000)
    plant.put(0, 1.0, 1_000)
    plant.publisher.start()
    reader = Reader(broker.port)
    try:
        assert until(lambda: reader.known.get("north/Filling/Tank 1/TANK.LEVEL"))["value"] == 2.0
    finally:
        reader.close()
        plant.publisher.stop()


def test_what_came_while_the_broker_was_away_is_there_when_it_is_back(broker: Mosquitto) -> None:
    plant = Plant(broker.port)
    plant.publisher.start()
    try:
        plant.put(0, 1.0, 1_000)
        until(lambda: plant.publisher.published)
        broker.stop()
        until(lambda: plant.publisher.why_down)
        for step in range(100):
            plant.put(0, float(step), 2_000 + step)
        broker.start()
        reader = Reader(broker.port)
        until(lambda: reader.known.get("north/Filling/Tank 1/TANK.LEVEL", {}).get("value") == 99.0)
        assert plant.publisher.as_dict()["connected"]
        assert len([s for s in plant.said if "again" in s]) == 1
        assert reader.count < 20, "only the last of what was missed is published"
        reader.close()
    finally:
        plant.publisher.stop()


def test_when_we_go_the_broker_says_so(broker: Mosquitto) -> None:
    plant = Plant(broker.port, enterprise="Muster")
    plant.publisher.start()
    until(lambda: plant.publisher.as_dict()["connected"])
    reader = Reader(broker.port)
    until(lambda: reader.known.get("Muster/north/linewarden/status", {}).get("online"))
    plant.publisher.stop()
    until(lambda: reader.known["Muster/north/linewarden/status"]["online"] is False)
    reader.close()


def test_nothing_is_subscribed_to(broker: Mosquitto) -> None:
    plant = Plant(broker.port)
    plant.publisher.start()
    try:
        until(lambda: plant.publisher.as_dict()["connected"])
        other = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        other.connect("127.0.0.1", broker.port)
        other.loop_start()
        other.publish("north/Filling/Tank 1/TANK.LEVEL", b"forged", qos=1).wait_for_publish(5)
        time.sleep(0.2)
        assert len(plant.publisher.latest) == 0
        other.disconnect()
        other.loop_stop()
    finally:
        plant.publisher.stop()


def test_values_that_a_sensor_heard_are_called_as_in_tags(tmp_path: Path) -> None:
    ask = struct.pack("!HHHBBHH", 1, 0, 6, 1, 3, 40, 2)
    answers = [struct.pack("!HHHBBB2H", 1, 0, 7, 1, 3, 4, 7, value) for value in (100, 140)]
    messages = [m for answer in answers for m in (("c", ask), ("s", answer))]
    capture = tmp_path / "poll.pcap"
    capture.write_bytes(harness.pcap(harness.tcp_frames(messages, 502, client_port=50_000)))
    assert main(["read", str(capture), "--out", str(tmp_path / "lake"), "--quiet"]) == 0
    rows = pl.concat([pl.read_parquet(f) for f in (tmp_path / "lake/stream=reading").rglob("*.parquet")])
    found = {name: last.value for _, _, name, last in last_values(rows)}
    assert found == {"holding_register 40": 7.0, "holding_register 41": 140.0}


def test_one_that_never_began_can_be_stopped() -> None:
    Plant(1).publisher.stop()
