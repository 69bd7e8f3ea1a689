"""The plain MQTT collector with a real mosquitto."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linewarden.collectors.contract import Quality
from linewarden.collectors.mqtt import KIND, Collecting, Mqtt, Topic, check
from tests.collectors.sparkplug_house import House, Mosquitto, Tap, require_mosquitto, until


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    require_mosquitto()
    made = Mosquitto(tmp_path / "mosquitto", "max_queued_messages 0")  # else it keeps 1000 for who is away
    yield made
    made.stop()


class Machine:
    """Something that publishes."""

    def __init__(self, port: int) -> None:
        import paho.mqtt.client as mqtt

        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def say(self, topic: str, value: Any, *, qos: int = 1, retain: bool = False) -> None:
        payload = value if isinstance(value, bytes) else json.dumps(value).encode()
        self._client.publish(topic, payload, qos=qos, retain=retain).wait_for_publish(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def machine(broker: Mosquitto) -> Iterator[Machine]:
    made = Machine(broker.port)
    yield made
    made.close()


@contextlib.contextmanager
def running(house: House, server: str, *topics: Topic, **more: Any) -> Iterator[Collecting]:
    settings = Mqtt(servers=(server,), topics=topics, retry_first=0.1, **more)
    assert check(settings) == []
    made, stop = Collecting(settings, house), threading.Event()
    thread = threading.Thread(target=made.run, args=(stop,))
    thread.start()
    try:
        until(lambda: house.ups)
        yield made
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def test_numbers_texts_and_json_become_tags(broker: Mosquitto, machine: Machine) -> None:
    house = House()
    topics = (
        Topic(topic="plant/{line}/{machine}/temp", source="{line}/{machine}", name="temperature", ucum="Cel", low=0.0),
        Topic(topic="sensors/+/data", value="d.value", time="d.ts", source="{1}"),
        Topic(topic="log/#", value="rows[*].v", time="rows[*].t"),
        Topic(topic="meter/+"),
    )
    with running(house, broker.url, *topics) as made:
        machine.say("plant/A/press/temp", 21.5)
        machine.say("plant/A/press/mode", "auto")  # read by nobody
        machine.say("sensors/s7/data", {"d": {"value": True, "ts": "2023-11-14T22:13:20Z"}})
        machine.say("log/x", {"rows": [{"v": 1, "t": 1_700_000_000}, {"v": 2, "t": 1_700_000_001_000}]})
        machine.say("meter/1", {"kw": 3.5, "state": "on", "phase": [1, 2]})
        machine.say("meter/2", b"OFF")
        until(lambda: made.totals().get("messages") == 5)
        until(lambda: house.of("meter", "2"))
    assert [(r.value, r.source_ts, r.quality) for r in house.of("A/press", "temperature")] == [
        (21.5, None, Quality.GOOD)
    ]
    assert (house.about("A/press", "temperature").ucum, house.about("A/press", "temperature").low) == ("Cel", 0.0)
    assert [(r.value, r.source_ts) for r in house.of("s7", "data")] == [(1.0, 1_700_000_000 * 10**9)]
    assert [(r.value, r.source_ts) for r in house.of("log", "x")] == [
        (1.0, 1_700_000_000 * 10**9), (2.0, 1_700_000_001 * 10**9)
    ]  # fmt: skip
    assert house.of("meter", "1.kw")[0].value == 3.5 and house.of("meter", "1.state")[0].text == "on"
    assert [house.of("meter", f"1.phase[{n}]")[0].value for n in (0, 1)] == [1.0, 2.0]
    assert house.of("meter", "2")[0].text == "OFF"


def test_what_a_server_kept_from_some_time_before_is_uncertain(broker: Mosquitto, machine: Machine) -> None:
    house = House()
    machine.say("a/x", 1, retain=True)
    machine.say("a/y", {"v": 2, "t": 1_700_000_000}, retain=True)
    with running(house, broker.url, Topic(topic="a/y", value="v", time="t"), Topic(topic="a/+")):
        until(lambda: house.of("a", "x") and house.of("a", "y"))
        machine.say("a/x", 3, retain=True)
        until(lambda: house.of("a", "x")[1:])
    assert [(r.quality, r.status) for r in house.of("a", "x")] == [
        (Quality.UNCERTAIN, "retained"),
        (Quality.GOOD, None),
    ]
    assert house.of("a", "y")[0].quality == Quality.GOOD  # it says of when it is


def test_what_comes_while_we_are_away_or_before_it_was_stored_is_not_lost(broker: Mosquitto, machine: Machine) -> None:
    house, topic = House(), Topic(topic="n")
    with running(house, broker.url, topic):
        pass
    for number in range(200):
        machine.say("n", number)
    lost = House(hold=True)  # it never gets so far as to store them: as if the machine had lost its power
    with running(lost, broker.url, topic):
        until(lambda: len(lost.rows) == 200)
    with running(house, broker.url, topic):
        until(lambda: len(house.rows) >= 200)
    assert [r.value for r in house.rows] == [float(n) for n in range(200)]


def test_a_cut_cable_loses_nothing_and_doubles_nothing(broker: Mosquitto, machine: Machine) -> None:
    house, tap = House(), Tap(broker.port)
    with running(house, tap.url, Topic(topic="n")) as made:
        for number in range(3000):
            machine.say("n", number, qos=1)
            if number % 700 == 350:
                tap.cut()
        until(lambda: len({r.value for r in house.rows}) == 3000)
        time.sleep(0.2)
        totals = made.totals()
    tap.close()
    assert sorted(r.value for r in house.rows) == [float(n) for n in range(3000)]
    assert totals["sessions"] >= 4
    print({name: totals[name] for name in totals if name in ("sessions", "redelivered", "messages")})


def test_while_the_sink_waits_the_server_does_and_nothing_is_lost(broker: Mosquitto, machine: Machine) -> None:
    class Slow(House):
        def put(self, samples: Any) -> Any:
            time.sleep(0.02)
            return super().put(samples)

    house = Slow()
    with running(house, broker.url, Topic(topic="n", value="v"), queue_mb=1, version="5"):
        for number in range(2000):
            machine.say("n", {"v": number, "fill": "x" * 4000})
        until(lambda: len(house.rows) == 2000, 60)
    assert [r.value for r in house.rows] == [float(n) for n in range(2000)]


def test_payloads_that_are_no_values_are_counted_and_told_once(broker: Mosquitto, machine: Machine) -> None:
    house = House()
    with running(house, broker.url, Topic(topic="n"), max_tags=1) as made:
        for payload in (b"\xff\xfe", b"{", b"5"):
            machine.say("n", payload)
        machine.say("n", {"a": 1, "b": 2})
        until(lambda: made.totals().get("past_max_tags") == 2)
        assert made.totals()["malformed"] == 2
    assert (
        house.said[0]
        == "n: a message is not read: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"
    )
    assert "max_tags" in house.said[1]


@pytest.mark.parametrize(
    ("topic", "more", "key", "text"),
    [
        (Topic(topic="a/#/b"), {}, "topics[0].topic", "of their own"),
        (Topic(topic="a/{x}", source="{y}"), {}, "topics[0].source", "there is 1, x"),
        (Topic(topic="a/{x}", source="{x!r}"), {}, "topics[0].source", "is no level"),
        (Topic(topic="a/{x}", name="{x"), {}, "topics[0].name", "write levels as {line}"),
        (Topic(topic="a/{x}", name="{x.__class__}"), {}, "topics[0].name", "no level"),
        (Topic(topic="a", value="a..b"), {}, "topics[0].value", "no path"),
        (Topic(topic="a", time="["), {}, "topics[0].time", "no path"),
        (Topic(topic="a"), {"client_id": ""}, "client_id", "know us by a name"),
        (Topic(topic="a"), {"session_expiry": -1}, "session_expiry", "not between"),
        (Topic(topic="a"), {"servers": ("h",)}, "servers", "write mqtts://"),
    ],
)
def test_wrong_settings_are_named_with_the_way_out(topic: Topic, more: dict[str, Any], key: str, text: str) -> None:
    found = check(Mqtt(**{"servers": ("mqtt://h",), "topics": (topic,), **more}))
    assert [t for k, t in found if k == key and text in t], found


def test_the_kind_is_found_by_its_name() -> None:
    from linewarden.collectors.catalogue import kinds

    assert kinds()["mqtt"] is KIND and "sparkplug" in kinds()
