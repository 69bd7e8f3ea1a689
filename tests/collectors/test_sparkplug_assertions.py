"""Each assertion of Sparkplug 3.0.0 for host applications, as a test of its name (dashes as underscores).

What goes over the wire is looked at on the wire, between the collector and a real mosquitto, in both versions of MQTT.
docs/collectors/sparkplug.md has the list with what came of it; the last test holds the two together.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from linewarden.collectors._mqtt import topics
from linewarden.collectors._mqtt.host import ONLINE, Homes, Host, Options
from linewarden.collectors._mqtt.metrics import Register
from linewarden.collectors._mqtt.readings import Readings
from linewarden.collectors._mqtt.schema import payload_class
from linewarden.collectors.contract import Quality
from linewarden.collectors.sparkplug import Collecting, Sparkplug, check
from tests.collectors.sparkplug_house import (
    BOOLEAN,
    CONNACK,
    CONNECT,
    DISCONNECT,
    PUBLISH,
    SUBACK,
    SUBSCRIBE,
    Connect,
    EdgeNode,
    House,
    Mosquitto,
    Packet,
    Published,
    Tap,
    birth,
    connect_of,
    death,
    metric,
    payload,
    require_mosquitto,
    until,
)

HOST_ID = "line-host"
STATE = f"spBv1.0/STATE/{HOST_ID}"


@contextlib.contextmanager
def collecting(house: House, *servers: str, **settings: Any) -> Iterator[Collecting]:
    """The collector, running; it has said that it is there on all of these servers."""
    made = Collecting(Sparkplug(**{"servers": servers, "host_id": HOST_ID, "retry_first": 0.1, **settings}), house)
    stop = threading.Event()
    thread = threading.Thread(target=made.run, args=(stop,))
    thread.start()
    try:
        until(lambda: all(host.born for host in made.hosts.values()), what=f"a session: {house.downs}")
        yield made
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


@dataclass
class Wire:
    """What went over the wire in two sessions: the first was cut, the second ended on purpose."""

    first: list[Packet] = field(default_factory=list)
    second: list[Packet] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)
    again: list[Published] = field(default_factory=list)
    retained: list[bytes] = field(default_factory=list)
    times: tuple[int, int, int] = (0, 0, 0)
    """Before the first CONNECT, before the end, and after it (ms)."""
    own: str = ""

    def connect(self, of: list[Packet]) -> Connect:
        return connect_of(next(p for p in of if p.kind == CONNECT))

    def of(self, published: list[Published], kind: str) -> list[Published]:
        return [p for p in published if f"/{kind}/" in p.topic]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture(scope="module", params=["3.1.1", "5"])
def wire(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Wire:
    require_mosquitto()
    with Mosquitto(tmp_path_factory.mktemp("mosquitto")) as broker, Tap(broker.port) as tap:
        return _two_sessions(broker, tap, request.param)


def _two_sessions(broker: Mosquitto, tap: Tap, version: str) -> Wire:
    seen, house, begun = Wire(), House(), now_ms()
    with collecting(house, tap.url, version=version, reorder_timeout=0.2, rebirth_pause=1.0) as made:
        node = EdgeNode(broker.port, births=lambda node: node.send("NBIRTH", [metric("level", 2.0)]))
        node.send("NBIRTH", [metric("level", 1.0)])
        node.send("NDATA", [metric("level", 1.5)], seq=5)  # 1 to 4 are missing
        assert node.commanded.wait(60)
        node.client.publish(STATE, topics.state(False, now_ms()), qos=1, retain=True)
        until(lambda: len(seen.of(tap.published(0), "STATE")) == 2)
        time.sleep(0.05)  # the times of the two sessions differ
        tap.cut()
        until(lambda: len(tap.order) == 2 and seen.of(tap.published(1), "STATE"))
        until(lambda: all(host.born for host in made.hosts.values()))
        before = now_ms()
    seen.times = begun, before, now_ms()
    until(lambda: DISCONNECT in kinds(tap.packets(1), "out"))  # the host has ended, the tap may still be at it
    seen.first, seen.second = tap.packets(0), tap.packets(1)
    seen.published, seen.again = tap.published(0), tap.published(1)
    node.close()
    return seen


def of(data: bytes) -> dict[str, Any]:
    """A STATE as JSON in UTF-8."""
    said = json.loads(data.decode("utf-8"))
    assert isinstance(said, dict)
    return said


def kinds(seen: list[Packet], way: str = "") -> list[int]:
    return [p.kind for p in seen if not way or p.way == way]


# 1 Introduction, 2 Principles, 3 Components, 10 Conformance


def test_tck_id_intro_sparkplug_host_state(wire: Wire) -> None:
    words = [of(p.payload)["online"] for p in wire.of(wire.again, "STATE")]
    assert words[0] is True and words[-1] is False and len(words) >= 2


def test_tck_id_components_ph_state(wire: Wire) -> None:
    assert of(wire.of(wire.again, "STATE")[0].payload)["online"] is True
    assert of(wire.of(wire.again, "STATE")[-1].payload)["online"] is False


def test_tck_id_conformance_primary_host(wire: Wire) -> None:
    assert {p.topic for p in wire.of(wire.published + wire.again, "STATE")} == {STATE}


def test_tck_id_principles_birth_certificates_order(wire: Wire) -> None:
    for published in (wire.published, wire.again):
        assert published[0].topic == STATE and of(published[0].payload)["online"] is True


# 4 Topics: the host's birth and death certificates


def test_tck_id_host_topic_phid_birth_message(wire: Wire) -> None:
    assert wire.published[0].topic == STATE


def test_tck_id_host_topic_phid_birth_qos(wire: Wire) -> None:
    assert wire.published[0].qos == 1


def test_tck_id_host_topic_phid_birth_retain(wire: Wire) -> None:
    assert wire.published[0].retain


def test_tck_id_host_topic_phid_birth_topic(wire: Wire) -> None:
    assert wire.published[0].topic == f"spBv1.0/STATE/{HOST_ID}"


def _subscribed(seen: list[Packet]) -> str:
    return next(p for p in seen if p.kind == SUBSCRIBE).body.decode("latin-1")


def test_tck_id_host_topic_phid_birth_sub_required(wire: Wire) -> None:
    assert kinds(wire.first, "out")[:2] == [CONNECT, SUBSCRIBE]  # nothing between them
    assert STATE in _subscribed(wire.first) and "spBv1.0/#" in _subscribed(wire.first)


def test_tck_id_host_topic_phid_birth_required(wire: Wire) -> None:
    order = kinds([p for p in wire.first if p.kind in (CONNECT, CONNACK, SUBSCRIBE, SUBACK) or p.way == "out"])
    assert order[:5] == [CONNECT, CONNACK, SUBSCRIBE, SUBACK, PUBLISH]


def test_tck_id_host_topic_phid_birth_payload(wire: Wire) -> None:
    said = of(wire.published[0].payload)
    assert said.keys() == {"online", "timestamp"}
    assert said["online"] is True and wire.times[0] <= said["timestamp"] <= wire.times[2]


def test_tck_id_host_topic_phid_birth_payload_timestamp(wire: Wire) -> None:
    for seen, published in ((wire.first, wire.published), (wire.second, wire.again)):
        assert of(published[0].payload)["timestamp"] == of(wire.connect(seen).will)["timestamp"]


def test_tck_id_host_topic_phid_death_qos(wire: Wire) -> None:
    assert wire.connect(wire.first).will_qos == 1 and wire.again[-1].qos == 1


def test_tck_id_host_topic_phid_death_retain(wire: Wire) -> None:
    assert wire.connect(wire.first).will_retain and wire.again[-1].retain


def test_tck_id_host_topic_phid_death_topic(wire: Wire) -> None:
    assert wire.connect(wire.first).will_topic == STATE and wire.again[-1].topic == STATE


def test_tck_id_host_topic_phid_death_required(wire: Wire) -> None:
    assert wire.connect(wire.first).will and wire.connect(wire.second).will


def test_tck_id_host_topic_phid_death_payload(wire: Wire) -> None:
    for said in (of(wire.connect(wire.first).will), of(wire.again[-1].payload)):
        assert said.keys() == {"online", "timestamp"}
        assert said["online"] is False and wire.times[0] <= said["timestamp"] <= wire.times[2]


def test_tck_id_host_topic_phid_death_payload_timestamp_connect(wire: Wire) -> None:
    first, second = (of(wire.connect(seen).will)["timestamp"] for seen in (wire.first, wire.second))
    assert wire.times[0] <= first < second <= wire.times[1]


def test_tck_id_host_topic_phid_death_payload_timestamp_disconnect_clean(wire: Wire) -> None:
    out = [p for p in wire.second if p.way == "out" and p.kind in (PUBLISH, DISCONNECT)]
    assert out[-1].kind == DISCONNECT and out[-2].kind == PUBLISH
    assert wire.times[1] <= of(wire.again[-1].payload)["timestamp"] <= wire.times[2]


def test_tck_id_host_topic_phid_death_payload_timestamp_disconnect_with_no_disconnect_packet(wire: Wire) -> None:
    # We always send DISCONNECT; the certificate goes before it, and the server has it before we go.
    death_at = max(n for n, p in enumerate(wire.second) if p.way == "out" and p.kind == PUBLISH)
    end = next(n for n, p in enumerate(wire.second) if p.kind == DISCONNECT)
    assert any(p.way == "in" and p.kind == 4 for p in wire.second[death_at:end])  # PUBACK


# 4 and 6: what is sent to edge nodes: NCMD for a rebirth, and nothing else


def _command(wire: Wire) -> tuple[Published, Any]:
    found = [p for p in wire.published if p.topic.split("/")[2] == "NCMD"]
    assert found
    return found[0], payload_class().FromString(found[0].payload)


def test_tck_id_topics_ncmd_topic(wire: Wire) -> None:
    assert _command(wire)[0].topic == "spBv1.0/G/NCMD/N"


def test_tck_id_topics_ncmd_mqtt(wire: Wire) -> None:
    assert (_command(wire)[0].qos, _command(wire)[0].retain) == (0, False)


def test_tck_id_topics_ncmd_timestamp(wire: Wire) -> None:
    assert wire.times[0] <= _command(wire)[1].timestamp <= wire.times[2]


def test_tck_id_topics_ncmd_payload(wire: Wire) -> None:
    assert len(_command(wire)[1].metrics) == 1


def test_tck_id_payloads_ncmd_timestamp(wire: Wire) -> None:
    assert _command(wire)[1].HasField("timestamp")


def test_tck_id_payloads_ncmd_seq(wire: Wire) -> None:
    assert not _command(wire)[1].HasField("seq")


def test_tck_id_payloads_ncmd_qos(wire: Wire) -> None:
    assert _command(wire)[0].qos == 0


def test_tck_id_payloads_ncmd_retain(wire: Wire) -> None:
    assert not _command(wire)[0].retain


def test_tck_id_payloads_name_requirement(wire: Wire) -> None:
    assert all(m.name for m in _command(wire)[1].metrics)


def test_tck_id_payloads_alias_data_cmd_requirement(wire: Wire) -> None:
    # Rebirth has no alias (tck-id-operational-behavior-data-commands-rebirth-name-aliases), so it goes by its name.
    assert not any(m.HasField("alias") for m in _command(wire)[1].metrics)


def test_tck_id_payloads_name_cmd_requirement(wire: Wire) -> None:
    assert _command(wire)[1].metrics[0].timestamp == _command(wire)[1].timestamp  # MAY: it is


def test_tck_id_payloads_timestamp_in_utc(wire: Wire) -> None:
    assert wire.times[0] <= _command(wire)[1].timestamp <= wire.times[2]  # time.time: UTC


def test_tck_id_payloads_metric_timestamp_in_utc(wire: Wire) -> None:
    assert wire.times[0] <= _command(wire)[1].metrics[0].timestamp <= wire.times[2]


def test_tck_id_payloads_metric_datatype_value_type(wire: Wire) -> None:
    assert _command(wire)[1].metrics[0].datatype == 11


def test_tck_id_payloads_metric_datatype_value(wire: Wire) -> None:
    assert _command(wire)[1].metrics[0].datatype == BOOLEAN


def test_tck_id_payloads_metric_datatype_not_req(wire: Wire) -> None:
    # SHOULD NOT be there, and is: mqtt-spb-wrapper, among others, takes no value without it. See the list.
    assert _command(wire)[1].metrics[0].HasField("datatype")


def test_tck_id_operational_behavior_data_commands_ncmd_rebirth_verb(wire: Wire) -> None:
    assert _command(wire)[0].topic.split("/")[2] == "NCMD"


def test_tck_id_operational_behavior_data_commands_ncmd_rebirth_name(wire: Wire) -> None:
    assert _command(wire)[1].metrics[0].name == b"Node Control/Rebirth"


def test_tck_id_operational_behavior_data_commands_ncmd_rebirth_value(wire: Wire) -> None:
    said = _command(wire)[1].metrics[0]
    assert said.WhichOneof("value") == "boolean_value" and said.boolean_value is True


def test_tck_id_operational_behavior_data_commands_ncmd_verb(wire: Wire) -> None:
    sent = {p.topic.split("/")[2] for p in wire.published + wire.again if p.topic != STATE}
    assert sent == {"NCMD"}


def test_tck_id_operational_behavior_data_commands_ncmd_metric_name(wire: Wire) -> None:
    # Each NBIRTH has it (tck-id-topics-nbirth-rebirth-metric).
    assert [m.name for m in _command(wire)[1].metrics] == [b"Node Control/Rebirth"]


def test_tck_id_operational_behavior_data_commands_ncmd_metric_value(wire: Wire) -> None:
    assert _command(wire)[1].metrics[0].WhichOneof("value") == "boolean_value"


def _no_dcmd(wire: Wire) -> None:
    assert {p.topic for p in wire.published + wire.again} == {STATE, "spBv1.0/G/NCMD/N"}


def test_tck_id_operational_behavior_data_commands_dcmd_verb(wire: Wire) -> None:
    _no_dcmd(wire)


def test_tck_id_operational_behavior_data_commands_dcmd_metric_name(wire: Wire) -> None:
    _no_dcmd(wire)


def test_tck_id_operational_behavior_data_commands_dcmd_metric_value(wire: Wire) -> None:
    _no_dcmd(wire)


def test_tck_id_topics_dcmd_topic(wire: Wire) -> None:
    _no_dcmd(wire)


def test_tck_id_topics_dcmd_mqtt(wire: Wire) -> None:
    _no_dcmd(wire)


def test_tck_id_topics_dcmd_timestamp(wire: Wire) -> None:
    _no_dcmd(wire)


def test_tck_id_topics_dcmd_payload(wire: Wire) -> None:
    _no_dcmd(wire)


def test_tck_id_payloads_dcmd_timestamp(wire: Wire) -> None:
    _no_dcmd(wire)


def test_tck_id_payloads_dcmd_seq(wire: Wire) -> None:
    _no_dcmd(wire)


def test_tck_id_payloads_dcmd_qos(wire: Wire) -> None:
    _no_dcmd(wire)


def test_tck_id_payloads_dcmd_retain(wire: Wire) -> None:
    _no_dcmd(wire)


# 4.1: topics of what we send, and of what we take


def test_tck_id_topic_structure(wire: Wire) -> None:
    for sent in wire.published + wire.again:
        assert topics.parsed(sent.topic) is not None


def test_tck_id_topic_structure_namespace_a(wire: Wire) -> None:
    assert {p.topic.split("/")[0] for p in wire.published + wire.again} == {"spBv1.0"}


def test_tck_id_topic_structure_namespace_device_id_non_associated_message_types(wire: Wire) -> None:
    assert {len(p.topic.split("/")) for p in wire.published + wire.again} == {3, 4}
    assert topics.parsed("spBv1.0/G/NDATA/N/D") is None


def test_tck_id_topic_structure_namespace_device_id_associated_message_types() -> None:
    assert topics.parsed("spBv1.0/G/DDATA/N") is None
    assert topics.parsed("spBv1.0/G/DDATA/N/D") == ("DDATA", "G", "N", "D")


def test_tck_id_topic_structure_namespace_valid_group_id() -> None:
    assert "groups" in [key for key, _ in check(Sparkplug(servers=("mqtt://h",), groups=("a/b",)))]
    assert not check(Sparkplug(servers=("mqtt://h",), groups=("Grüße 1",)))


# 5: the session of a host application


def test_tck_id_message_flow_phid_sparkplug_clean_session_311(wire: Wire) -> None:
    connect = wire.connect(wire.first)
    assert connect.clean or connect.version == 5


def test_tck_id_message_flow_phid_sparkplug_clean_session_50(wire: Wire) -> None:
    connect = wire.connect(wire.first)
    assert connect.version == 4 or (connect.clean and connect.expiry in (None, 0))


def test_tck_id_message_flow_phid_sparkplug_subscription(wire: Wire) -> None:
    for seen in (wire.first, wire.second):
        assert kinds(seen, "out")[:3] == [CONNECT, SUBSCRIBE, PUBLISH]
        assert STATE in _subscribed(seen) and "spBv1.0/#" in _subscribed(seen)


def test_tck_id_message_flow_phid_sparkplug_state_publish(wire: Wire) -> None:
    for seen in (wire.first, wire.second):
        answered = next(n for n, p in enumerate(seen) if p.kind == SUBACK)
        assert answered < next(n for n, p in enumerate(seen) if p.kind == PUBLISH and p.way == "out")


def test_tck_id_message_flow_phid_sparkplug_state_publish_payload(wire: Wire) -> None:
    said = of(wire.published[0].payload)
    assert said == {"online": True, "timestamp": of(wire.connect(wire.first).will)["timestamp"]}


def test_tck_id_message_flow_phid_sparkplug_state_publish_payload_timestamp(wire: Wire) -> None:
    assert of(wire.again[0].payload)["timestamp"] == of(wire.connect(wire.second).will)["timestamp"]


def test_tck_id_message_flow_hid_sparkplug_state_message_delivered(wire: Wire) -> None:
    first, second = wire.of(wire.published, "STATE")  # between them somebody said that we are gone
    assert second == first
    assert of(second.payload) == {"online": True, "timestamp": of(wire.connect(wire.first).will)["timestamp"]}


def test_tck_id_operational_behavior_host_application_host_id() -> None:
    host, house = _host()
    host.opened(1000, 0.0)
    host.receive(STATE, topics.state(True, 1000), 0, 0.0, Readings())
    assert not house.said
    host.receive(STATE, topics.state(True, 2000), 0, 0.0, Readings())  # only another one says another time
    assert house.said == [f"mqtt://s: another host application is '{HOST_ID}' too; give each its own host_id"]


def test_tck_id_operational_behavior_host_application_connect_will(wire: Wire) -> None:
    assert wire.connect(wire.first).will_topic and wire.connect(wire.second).will_topic


def test_tck_id_operational_behavior_host_application_connect_will_topic(wire: Wire) -> None:
    assert wire.connect(wire.first).will_topic == STATE


def test_tck_id_operational_behavior_host_application_connect_will_payload(wire: Wire) -> None:
    assert of(wire.connect(wire.second).will) == {"online": False, "timestamp": of(wire.again[0].payload)["timestamp"]}


def test_tck_id_operational_behavior_host_application_connect_will_qos(wire: Wire) -> None:
    assert wire.connect(wire.first).will_qos == 1


def test_tck_id_operational_behavior_host_application_connect_will_retained(wire: Wire) -> None:
    assert wire.connect(wire.first).will_retain


def test_tck_id_operational_behavior_host_application_connect_birth(wire: Wire) -> None:
    assert kinds([p for p in wire.first if p.way == "out"])[2] == PUBLISH
    assert of(wire.published[0].payload)["online"] is True


def test_tck_id_operational_behavior_host_application_connect_birth_topic(wire: Wire) -> None:
    assert wire.again[0].topic == STATE


def test_tck_id_operational_behavior_host_application_connect_birth_payload(wire: Wire) -> None:
    assert of(wire.again[0].payload) == {"online": True, "timestamp": of(wire.connect(wire.second).will)["timestamp"]}


def test_tck_id_operational_behavior_host_application_connect_birth_qos(wire: Wire) -> None:
    assert wire.again[0].qos == 1


def test_tck_id_operational_behavior_host_application_connect_birth_retained(wire: Wire) -> None:
    assert wire.again[0].retain


def test_tck_id_operational_behavior_host_application_termination(wire: Wire) -> None:
    assert of(wire.again[-1].payload)["online"] is False


def test_tck_id_operational_behavior_host_application_death_topic(wire: Wire) -> None:
    assert wire.again[-1].topic == STATE


def test_tck_id_operational_behavior_host_application_death_payload(wire: Wire) -> None:
    assert of(wire.connect(wire.first).will).keys() == of(wire.again[-1].payload).keys() == {"online", "timestamp"}


def test_tck_id_operational_behavior_host_application_death_qos(wire: Wire) -> None:
    assert wire.again[-1].qos == 1


def test_tck_id_operational_behavior_host_application_death_retained(wire: Wire) -> None:
    assert wire.again[-1].retain


def test_tck_id_operational_behavior_host_application_disconnect_intentional(wire: Wire) -> None:
    out = [p for p in wire.second if p.way == "out" and p.kind in (PUBLISH, DISCONNECT)]
    assert kinds(out)[-2:] == [PUBLISH, DISCONNECT]


def test_tck_id_payloads_state_will_message(wire: Wire) -> None:
    assert wire.connect(wire.first).will_topic == f"spBv1.0/STATE/{HOST_ID}"


def test_tck_id_payloads_state_will_message_qos(wire: Wire) -> None:
    assert wire.connect(wire.second).will_qos == 1


def test_tck_id_payloads_state_will_message_retain(wire: Wire) -> None:
    assert wire.connect(wire.second).will_retain


def test_tck_id_payloads_state_will_message_payload(wire: Wire) -> None:
    said = of(wire.connect(wire.second).will)
    assert said["online"] is False and wire.times[0] <= said["timestamp"] <= wire.times[2]


def test_tck_id_payloads_state_subscribe(wire: Wire) -> None:
    assert STATE in _subscribed(wire.second)


def test_tck_id_payloads_state_birth(wire: Wire) -> None:
    assert (wire.again[0].topic, wire.again[0].qos, wire.again[0].retain) == (STATE, 1, True)


def test_tck_id_payloads_state_birth_payload(wire: Wire) -> None:
    assert of(wire.again[0].payload) == {"online": True, "timestamp": of(wire.connect(wire.second).will)["timestamp"]}


@pytest.fixture(scope="module")
def two_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Tap]]:
    require_mosquitto()
    with contextlib.ExitStack() as stack:
        brokers = [stack.enter_context(Mosquitto(tmp_path_factory.mktemp("mosquitto"))) for _ in range(2)]
        taps = [stack.enter_context(Tap(broker.port)) for broker in brokers]
        with collecting(House(), *(tap.url for tap in taps)) as made:
            time.sleep(0.05)
            taps[0].cut()
            until(lambda: taps[0].published(1))
            until(lambda: all(host.born for host in made.hosts.values()))
        yield taps


def test_tck_id_operational_behavior_host_application_multi_server_timestamp(two_servers: list[Tap]) -> None:
    first, second = two_servers
    stamps = [of(first.published(1)[0].payload)["timestamp"], of(second.published(0)[0].payload)["timestamp"]]
    assert stamps[0] > stamps[1]  # the first began anew, and the other keeps its time
    for tap, at, stamp in ((first, 1, stamps[0]), (second, 0, stamps[1])):
        assert of(connect_of(tap.packets(at)[0]).will)["timestamp"] == stamp


def test_tck_id_operational_behavior_primary_application_state_with_multiple_servers_state(
    two_servers: list[Tap],
) -> None:
    for tap, sessions in ((two_servers[0], 2), (two_servers[1], 1)):
        for session in range(sessions):
            assert tap.published(session)[0].topic == STATE
            assert of(tap.published(session)[0].payload)["online"] is True


def test_tck_id_operational_behavior_primary_application_state_with_multiple_servers_state_subs(
    two_servers: list[Tap],
) -> None:
    assert all(tap.published(0)[0].topic == STATE for tap in two_servers)


# 5.5 and 5.7: what becomes of edge nodes and devices that are gone

NOW = 1_800_000_000_000_000_000
"""Time of the host, which is not that of the edge node."""
SENT = 1_700_000_000_000


def _host(**options: Any) -> tuple[Host, House]:
    house = House()
    register = Register(house, 1000)
    return Host("mqtt://s", Options(host_id=HOST_ID, **options), house, register, Homes()), house


def _plant() -> tuple[Host, House]:
    """An edge node with two metrics, and two devices with one each."""
    host, house = _host()
    out = Readings()
    host.receive("spBv1.0/G/NBIRTH/N", birth([metric("a", 1.0), metric("b", 2.0)], bdseq=7, stamp=SENT), NOW, 0.0, out)
    for seq, device in ((1, "D"), (2, "E")):
        host.receive(f"spBv1.0/G/DBIRTH/N/{device}", payload([metric("c", 3.0)], seq, SENT), NOW, 0.0, out)
    house.keep(out)
    assert {t.online for t in host.nodes["G", "N"].tables()} == {True}
    return host, house


def _after(host: Host, house: House, topic: str, data: bytes, now: int = NOW + 5) -> set[tuple[str, str, int | None]]:
    """Tags that are stale after a message, with their time."""
    out = Readings()
    host.receive(topic, data, now, 1.0, out)
    before = len(house.rows)
    house.keep(out)
    fresh = house.rows[before:]
    assert all(r.quality == Quality.UNCERTAIN and r.value != r.value for r in fresh if r.status == "STALE")
    return {(r.source, r.name, r.source_ts) for r in fresh if r.status == "STALE"}


def test_tck_id_operational_behavior_edge_node_termination_host_action_ndeath_node_offline() -> None:
    host, house = _plant()
    _after(host, house, "spBv1.0/G/NDEATH/N", death(7))
    table = host.nodes["G", "N"].table
    assert (table.online, table.since) == (False, NOW + 5)
    assert house.of("G/N", ONLINE)[-1][2:3] == (0.0,) and house.of("G/N", ONLINE)[-1].source_ts == NOW + 5
    assert "G/N" in [peer for peer, _ in house.downs]


def test_tck_id_operational_behavior_edge_node_termination_host_action_ndeath_node_tags_stale() -> None:
    host, house = _plant()
    stale = _after(host, house, "spBv1.0/G/NDEATH/N", death(7))
    assert {("G/N", "a", NOW + 5), ("G/N", "b", NOW + 5)} <= stale


def test_tck_id_operational_behavior_edge_node_termination_host_action_ndeath_devices_offline() -> None:
    host, house = _plant()
    _after(host, house, "spBv1.0/G/NDEATH/N", death(7))
    for device in ("D", "E"):
        table = host.nodes["G", "N"].devices[device]
        assert (table.online, table.since) == (False, NOW + 5)
        assert house.of(f"G/N/{device}", ONLINE)[-1].source_ts == NOW + 5


def test_tck_id_operational_behavior_edge_node_termination_host_action_ndeath_devices_tags_stale() -> None:
    host, house = _plant()
    stale = _after(host, house, "spBv1.0/G/NDEATH/N", death(7))
    assert {("G/N/D", "c", NOW + 5), ("G/N/E", "c", NOW + 5)} <= stale


def test_tck_id_operational_behavior_edge_node_termination_host_action_ddeath_devices_offline() -> None:
    host, house = _plant()
    _after(host, house, "spBv1.0/G/DDEATH/N/D", payload([], 3, SENT + 20))
    devices = host.nodes["G", "N"].devices
    assert (devices["D"].online, devices["D"].since) == (False, (SENT + 20) * 1_000_000)
    assert devices["E"].online and host.nodes["G", "N"].table.online
    assert house.of("G/N/D", ONLINE)[-1].source_ts == (SENT + 20) * 1_000_000


def test_tck_id_operational_behavior_edge_node_termination_host_action_ddeath_devices_tags_stale() -> None:
    host, house = _plant()
    stale = _after(host, house, "spBv1.0/G/DDEATH/N/D", payload([], 3, SENT + 20))
    assert stale == {("G/N/D", "c", (SENT + 20) * 1_000_000)}


def test_metrics_are_stale_once_the_server_is_lost() -> None:
    """5.3, an assertion without an id: all metrics of the server's edge nodes."""
    host, house = _plant()
    out = Readings()
    host.lost(NOW + 9, out)
    house.keep(out)
    stale = {(r.source, r.name, r.source_ts) for r in house.rows if r.status == "STALE"}
    assert stale == {(s, n, NOW + 9) for s, n in (("G/N", "a"), ("G/N", "b"), ("G/N/D", "c"), ("G/N/E", "c"))}


def test_tck_id_topic_structure_namespace_duplicate_device_id_across_edge_node() -> None:
    host, house = _plant()
    out = Readings()
    host.receive("spBv1.0/G/NBIRTH/M", birth([], stamp=SENT), NOW, 0.0, out)
    host.receive("spBv1.0/G/DBIRTH/M/D", payload([metric("c", 9.0)], 1, SENT), NOW, 0.0, out)
    house.keep(out)
    assert [r.value for r in house.of("G/N/D", "c")] == [3.0] and [r.value for r in house.of("G/M/D", "c")] == [9.0]
    assert "G/M/D" not in [s for s, _, _ in _after(host, house, "spBv1.0/G/NDEATH/N", death(7))]


# 5.9: the order of messages


def _values(out: Readings) -> list[float]:
    return [value for part in out.parts() for value in part.value]


def _gap(**options: Any) -> tuple[Host, House, Readings]:
    """An edge node of which message 1 is missing: 2 came at second 10."""
    host, house = _host(**options)
    out = Readings()
    host.receive("spBv1.0/G/NBIRTH/N", birth([metric("a", 0.0)], stamp=SENT), NOW, 9.0, out)
    host.receive("spBv1.0/G/NDATA/N", payload([metric("a", 2.0)], 2, SENT), NOW, 10.0, out)
    return host, house, out


def test_tck_id_operational_behavior_host_reordering_param() -> None:
    assert Sparkplug(servers=("mqtt://h",)).reorder_timeout == 2.0
    assert "reorder_timeout" in [key for key, _ in check(Sparkplug(servers=("mqtt://h",), reorder_timeout=-1.0))]


def test_tck_id_operational_behavior_host_reordering_start() -> None:
    host, _, out = _gap(reorder_timeout=3.0)
    assert host.nodes["G", "N"].order.since == 10.0 and _values(out) == [1.0, 0.0]  # online, birth; 2 waits
    host.tick(NOW, 12.9, out)
    assert not host.asks


def test_tck_id_operational_behavior_host_reordering_rebirth() -> None:
    host, _, out = _gap(reorder_timeout=3.0)
    host.tick(NOW, 13.0, out)
    assert list(host.asks) == [("G", "N")]
    assert _values(out)[-1] == 2.0  # what did come is not lost


def test_tck_id_operational_behavior_host_reordering_success() -> None:
    host, _, out = _gap(reorder_timeout=3.0)
    host.receive("spBv1.0/G/NDATA/N", payload([metric("a", 1.0)], 1, SENT), NOW, 12.0, out)
    assert _values(out)[-2:] == [1.0, 2.0] and host.nodes["G", "N"].order.since is None
    host.tick(NOW, 99.0, out)
    assert not host.asks
    host.receive("spBv1.0/G/NDATA/N", payload([metric("a", 5.0)], 5, SENT), NOW, 100.0, out)
    assert host.nodes["G", "N"].order.since == 100.0  # and from then on again


def test_each_assertion_of_the_list_has_its_test_and_each_test_its_line() -> None:
    page = Path(__file__).parents[2] / "docs" / "collectors" / "sparkplug.md"
    listed = re.findall(r"^\| `(tck-id-[\w-]+)` \|", page.read_text(), re.MULTILINE)
    assert len(listed) == len(set(listed))
    tests = {name.removeprefix("test_") for name in globals() if name.startswith("test_tck_id_")}
    assert {re.sub("-", "_", one).lower() for one in listed} == tests
