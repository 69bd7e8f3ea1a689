"""The Sparkplug collector with a real mosquitto: TLS, restarts, several servers, what is lost and what is not."""

from __future__ import annotations

import contextlib
import math
import random
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linewarden.collectors._mqtt import topics
from linewarden.collectors.sparkplug import KIND, Collecting, Sparkplug, check, run
from linewarden.errors import StoreError
from tests.collectors.certificates import Authority
from tests.collectors.sparkplug_house import (
    INT32,
    INT64,
    PUBACK,
    PUBLISH,
    EdgeNode,
    House,
    Mosquitto,
    Tap,
    free_port,
    metric,
    payload,
    require_mosquitto,
    until,
)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    require_mosquitto()
    made = Mosquitto(tmp_path / "mosquitto")
    yield made
    made.stop()


@contextlib.contextmanager
def running(house: House, *servers: str, **settings: Any) -> Iterator[Collecting]:
    """The collector, running; it need not have a session."""
    words = {"servers": servers, "retry_first": 0.1, "retry_most": 0.5, **settings}
    assert not check(Sparkplug(**words))
    made = Collecting(Sparkplug(**words), house)
    stop = threading.Event()
    thread = threading.Thread(target=made.run, args=(stop,))
    thread.start()
    try:
        yield made
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def online(made: Collecting) -> None:
    until(lambda: all(host.born for host in made.hosts.values()), what="a session with each server")


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_what_a_node_and_its_device_report_is_kept(broker: Mosquitto, version: str) -> None:
    house = House()
    with running(house, broker.url, version=version) as made:
        online(made)
        node = EdgeNode(broker.port)
        about = {"engUnit": (12, "°C"), "engLow": (10, 0.0), "engHigh": (10, 90.0)}
        node.send("NBIRTH", [metric("level", 1.5, alias=1, properties=about)])
        node.send("DBIRTH", [metric("count", 2, INT32, alias=2)], "press")
        node.send("DDATA", [metric("", -7, INT32, alias=2, say_type=False, ts=1_700_000_000_123)], "press")
        row = until(lambda: house.of("G/N/press", "count")[1:])[0]
        node.close()
        until(lambda: house.of("G/N", "$online")[-1].value == 0.0)
    assert row.value == -7.0 and row.source_ts == 1_700_000_000_123_000_000
    assert row.server_ts is not None and abs(row.server_ts - time.time_ns()) < 60e9
    tag = house.about("G/N", "level")
    assert (tag.protocol, tag.ucum, tag.low, tag.high, tag.datatype) == ("sparkplug", "Cel", 0.0, 90.0, "Double")
    assert house.of("G/N", "level")[-1].status == "STALE" and math.isnan(house.of("G/N", "level")[-1].value)


def test_a_node_that_was_there_first_is_asked_for_its_births(broker: Mosquitto) -> None:
    house = House()
    node = EdgeNode(broker.port, births=lambda node: node.send("NBIRTH", [metric("a", 2.0, alias=4)]))
    node.send("NBIRTH", [metric("a", 1.0, alias=4)])
    with running(house, broker.url, reorder_timeout=0.2) as made:
        online(made)
        node.send("NDATA", [metric("", 1.5, alias=4, say_type=False)])
        until(lambda: [r.value for r in house.of("G/N", "a")] == [2.0])
        time.sleep(0.5)
        assert len(node.commands) == 1  # and not again
        node.close()


def test_nothing_is_published_where_only_listening_is_wanted(broker: Mosquitto) -> None:
    house, tap = House(), Tap(broker.port)
    with running(house, tap.url, host_id="", rebirth=False, reorder_timeout=0.0) as made:
        until(lambda: house.ups)
        node = EdgeNode(broker.port)
        node.send("NDATA", [metric("a", 1.5)])
        until(lambda: house.said)
        node.send("NBIRTH", [metric("a", 2.5)])
        until(lambda: house.of("G/N", "a"))
        assert made.totals()["before_birth"] == 1
        node.close()
    assert house.said[0] == (
        "G/N: its births are not known, and rebirth = false: it is not understood until it sends them"
    )
    assert tap.published(0) == []
    tap.close()


def test_what_a_server_kept_of_our_state_is_nobody_else(broker: Mosquitto) -> None:
    house = House()
    node = EdgeNode(broker.port)  # of a session that ended with the server, so that its will was never told
    old = topics.state(True, 1_700_000_000_000)
    node.client.publish("spBv1.0/STATE/linewarden", old, qos=1, retain=True).wait_for_publish(10)
    with running(house, broker.url) as made:
        online(made)
        node.send("NBIRTH", [metric("a", 1.0)])
        until(lambda: house.of("G/N", "a"))
        assert not house.said
        node.client.publish("spBv1.0/STATE/linewarden", old, qos=1, retain=True).wait_for_publish(10)
        until(lambda: house.said)
    assert "give each its own host_id" in house.said[0]
    node.close()


# Who may, and who is who


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def tls_broker(tmp_path: Path, authority: Authority) -> Iterator[Mosquitto]:
    require_mosquitto()
    certificate, key = authority.issue("127.0.0.1")
    made = Mosquitto(
        tmp_path / "mosquitto",
        f"cafile {authority.certificate}",
        f"certfile {certificate}",
        f"keyfile {key}",
        "require_certificate true",
        f"listener {(plain := free_port())} 127.0.0.1",
    )
    made.plain = plain  # type: ignore[attr-defined]
    yield made
    made.stop()


def test_both_sides_show_their_certificates(tls_broker: Mosquitto, authority: Authority) -> None:
    house = House()
    certificate, key = authority.issue("linewarden")
    files = {"ca_file": authority.certificate, "cert_file": certificate, "key_file": key}
    with running(house, f"mqtts://127.0.0.1:{tls_broker.port}", **files) as made:
        online(made)
        node = EdgeNode(tls_broker.plain)  # type: ignore[attr-defined]
        node.send("NBIRTH", [metric("a", 1.0)])
        until(lambda: house.of("G/N", "a"))
        node.close()


def test_without_a_certificate_of_ours_the_way_out_is_told(tls_broker: Mosquitto, authority: Authority) -> None:
    house = House()
    with running(house, f"mqtts://127.0.0.1:{tls_broker.port}", ca_file=authority.certificate):
        _, why = until(lambda: house.downs)[0]
    assert "cert_file" in why


def test_a_server_of_another_authority_is_not_trusted(
    tls_broker: Mosquitto, authority: Authority, tmp_path: Path
) -> None:
    house, other = House(), Authority(tmp_path)
    certificate, key = authority.issue("linewarden")
    files = {"ca_file": other.certificate, "cert_file": certificate, "key_file": key}
    with running(house, f"mqtts://127.0.0.1:{tls_broker.port}", **files):
        _, why = until(lambda: house.downs)[0]
    assert why.startswith("its certificate is not trusted") and "ca_file" in why
    assert not house.ups


def test_a_server_of_another_name_is_not_trusted(tls_broker: Mosquitto, authority: Authority) -> None:
    house = House()
    certificate, key = authority.issue("linewarden")
    files = {"ca_file": authority.certificate, "cert_file": certificate, "key_file": key}
    with running(house, f"mqtts://localhost:{tls_broker.port}", **files):
        _, why = until(lambda: house.downs)[0]
    assert "not trusted" in why and "localhost" in why
    assert not house.ups


def test_a_key_that_cannot_be_used_is_told(tmp_path: Path, authority: Authority) -> None:
    house = House()
    certificate, _ = authority.issue("linewarden")
    (bad := tmp_path / "bad.pem").write_text("no key\n")
    with running(house, "mqtts://127.0.0.1:1", cert_file=certificate, key_file=bad):
        _, why = until(lambda: house.downs)[0]
    assert "cert_file and key_file" in why


def test_a_wrong_password_is_told_with_the_way_out(tmp_path: Path) -> None:
    require_mosquitto()
    (users := tmp_path / "users").write_text("")
    made = Mosquitto(tmp_path / "mosquitto", "allow_anonymous false", f"password_file {users}")
    house = House()
    try:
        with running(house, made.url, user="linewarden", password="wrong"):
            _, why = until(lambda: house.downs)[0]
    finally:
        made.stop()
    assert "refuses: not authorized" in why or "check user and password" in why


def test_two_clients_of_one_id_are_told_apart(broker: Mosquitto) -> None:
    house, other = House(), House()
    with running(house, broker.url, client_id="same", version="5") as made:
        online(made)
        with running(other, broker.url, client_id="same", host_id="other", version="5"):
            until(lambda: any("another client use the same client_id" in why for _, why in house.downs + other.downs))


# Servers that come and go


def test_a_server_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    require_mosquitto()
    house, port = House(), free_port()
    with running(house, f"mqtt://127.0.0.1:{port}") as made:
        assert "check its address" in until(lambda: house.downs)[0][1]
        made_later = Mosquitto(tmp_path / "mosquitto", port=port)
        online(made)
        assert house.ups == [f"mqtt://127.0.0.1:{port}"]
    made_later.stop()


def test_all_is_stale_from_the_loss_of_the_server_and_good_after_it(broker: Mosquitto) -> None:
    house = House()
    with running(house, broker.url) as made:
        online(made)
        node = EdgeNode(broker.port)
        node.send("NBIRTH", [metric("a", 1.0)])
        until(lambda: house.of("G/N", "a"))
        before = time.time_ns()
        broker.stop(hard=True)
        row = until(lambda: house.of("G/N", "a")[1:])[0]
        node.client.loop_stop()
        broker.start()
        online(made)
        again = EdgeNode(broker.port)
        again.send("NBIRTH", [metric("a", 3.0)])
        until(lambda: house.of("G/N", "a")[-1].value == 3.0)
        again.close()
    assert row.status == "STALE" and row.source_ts is not None and before <= row.source_ts <= time.time_ns()


class Careful(EdgeNode):
    """An edge node with a primary host: while that is away it keeps its values, and sends them later as history."""

    def __init__(self, port: int, host_id: str) -> None:
        self.there = threading.Event()
        self.kept: list[dict[str, Any]] = []
        self._lock = threading.RLock()
        self._host_id = host_id
        super().__init__(port, births=lambda _: self.begin())
        self.client.message_callback_add(topics.state_topic(host_id), self._state)
        self.client.on_connect = self._again
        self.client.on_disconnect = lambda *_: self.there.clear()
        self.client.reconnect_delay_set(0.1, 0.5)
        self.client.subscribe(topics.state_topic(host_id), qos=1)

    def _again(self, client: Any, *_: object) -> None:
        client.subscribe([(self.topic("NCMD"), 1), (topics.state_topic(self._host_id), 1)])

    def _state(self, client: Any, userdata: object, message: Any) -> None:
        self._answering = threading.current_thread()
        said = topics.state_of(message.payload)
        if said is not None and said[0]:
            if not self.there.is_set():
                self.begin()
        else:
            self.there.clear()

    def begin(self) -> None:
        with self._lock:
            self.send("NBIRTH", [metric("n", 0, INT64, alias=1)])
            self.there.set()
            for kept in self.kept:
                self.send("NDATA", [kept | {"is_historical": True}])
            self.kept = []

    def tell(self, value: int) -> None:
        said = metric("", value, INT64, alias=1, say_type=False, ts=time.time_ns() // 1_000_000)
        with self._lock:
            if not self.there.is_set() or not self.client.is_connected():
                self.kept.append(said)
                return
            self.send("NDATA", [said])


def test_with_a_primary_host_no_value_is_lost_while_the_server_or_we_restart(broker: Mosquitto) -> None:
    house, told = House(), 0
    node = Careful(broker.port, "linewarden")

    def tell(count: int) -> None:
        nonlocal told
        for _ in range(count):
            told += 1
            node.tell(told)
            time.sleep(0.002)

    with running(house, broker.url) as made:
        online(made)
        assert node.there.wait(10)
        tell(100)
        until(lambda: len(house.of("G/N", "n")) >= 100)
        broker.stop()
        until(lambda: not node.there.is_set())
        tell(100)
        broker.start()
        assert node.there.wait(20)
        tell(100)
        until(lambda: {r.value for r in house.of("G/N", "n")} >= {float(n) for n in range(1, 301)})
    until(lambda: not node.there.is_set())
    tell(100)
    with running(house, broker.url):
        assert node.there.wait(20)
        until(lambda: {r.value for r in house.of("G/N", "n")} >= {float(n) for n in range(1, told + 1)})
    node.close()
    values = [r.value for r in house.of("G/N", "n") if r.status is None and r.value]
    assert sorted(values) == [float(n) for n in range(1, told + 1)]  # each once
    assert sum(r.late for r in house.of("G/N", "n")) == 200


def test_what_comes_twice_or_out_of_order_is_kept_once_and_in_order(broker: Mosquitto) -> None:
    house, dice = House(), random.Random(4)
    with running(house, broker.url, reorder_timeout=5.0) as made:
        online(made)
        node = EdgeNode(broker.port)
        node.send("NBIRTH", [metric("n", 0, INT64)])
        order = list(range(1, 2001))
        for at in range(0, 2000, 8):  # within eight messages any order
            dice.shuffle(part := order[at : at + 8])
            order[at : at + 8] = part
        twice = 0
        for number in order:
            for _ in range(1 + (dice.random() < 0.1)):
                node.send("NDATA", [metric("n", number, INT64)], seq=number % 256, stamp=number)
                twice += 1
        until(lambda: len(house.of("G/N", "n")) >= 2001)
        node.close()
        until(lambda: house.of("G/N", "$online")[-1].value == 0.0)
        totals = made.totals()
    assert [r.value for r in house.of("G/N", "n")][:2001] == [float(n) for n in range(2001)]
    assert totals["repeated"] == twice - 2000 and totals["out_of_order"] > 1000
    assert totals.get("rebirths_asked", 0) == 0


def test_a_node_that_moves_to_the_other_server_is_not_stale_when_the_first_says_so_late(tmp_path: Path) -> None:
    require_mosquitto()
    brokers = [Mosquitto(tmp_path / name) for name in "ab"]
    house = House()
    with running(house, *(b.url for b in brokers)) as made:
        online(made)
        first = EdgeNode(brokers[0].port)
        first.send("NBIRTH", [metric("a", 1.0)])
        until(lambda: house.of("G/N", "a"))
        second = EdgeNode(brokers[1].port)
        second.send("NBIRTH", [metric("a", 2.0)])
        until(lambda: house.of("G/N", "a")[-1].value == 2.0)
        first.kill()
        until(lambda: not next(iter(made.hosts.values())).nodes["G", "N"].table.online)
        assert [r.value for r in house.of("G/N", "a")] == [1.0, 2.0]
        assert house.of("G/N", "$online")[-1].value == 1.0
        second.kill()
        until(lambda: house.of("G/N", "a")[-1].status == "STALE")
    for one in brokers:
        one.stop()


def test_the_next_server_is_used_where_one_fails(tmp_path: Path) -> None:
    require_mosquitto()
    brokers = [Mosquitto(tmp_path / name) for name in "ab"]
    house = House()
    with running(house, *(b.url for b in brokers), all_servers=False) as made:
        until(lambda: house.ups == [brokers[0].url])
        assert len(made.links) == 1
        brokers[0].stop()
        until(lambda: house.ups == [b.url for b in brokers])
        node = EdgeNode(brokers[1].port)
        node.send("NBIRTH", [metric("a", 2.0)])
        until(lambda: house.of("G/N", "a"))
        node.close()
    brokers[1].stop()


# Messages of QoS 1


def test_what_is_published_with_qos_1_while_we_are_away_comes_when_sessions_are_kept(broker: Mosquitto) -> None:
    house = House()
    node = EdgeNode(broker.port)
    with running(house, broker.url, session_expiry=3600) as made:
        online(made)
        node.send("NBIRTH", [metric("n", 0, INT64)], qos=1)
        until(lambda: house.of("G/N", "n"))
    for number in range(1, 51):
        node.send("NDATA", [metric("n", number, INT64)], qos=1)
    node.send("NBIRTH", [metric("n", 51, INT64)], qos=1)
    with running(house, broker.url, session_expiry=3600) as made:
        until(lambda: house.of("G/N", "n")[-1].value == 51.0)
        assert made.totals()["before_birth"] == 50  # they came; without a birth in this session they mean nothing
        node.close()


def test_a_message_is_acknowledged_once_it_is_on_disk_and_comes_again_before(broker: Mosquitto) -> None:
    house, tap = House(hold=True), Tap(broker.port)
    node = EdgeNode(broker.port)
    with running(house, tap.url, session_expiry=3600, version="5") as made:
        online(made)
        node.send("NBIRTH", [metric("n", 0, INT64)], qos=1)
        until(lambda: house.of("G/N", "n"))
        came = next(p.body for p in tap.packets(0, "in") if p.kind == PUBLISH and b"NBIRTH" in p.body)
        number = came[2 + came[1] :][:2]
        assert number not in [p.body[:2] for p in tap.packets(0, "out") if p.kind == PUBACK]
        tap.cut()
        until(lambda: made.totals().get("redelivered"))
        house.store()
        again = next(p.body for p in tap.packets(1, "in") if p.kind == PUBLISH and b"NBIRTH" in p.body)
        number = again[2 + again[1] :][:2]
        until(lambda: number in [p.body[:2] for p in tap.packets(1, "out") if p.kind == PUBACK])
    assert [r.value for r in house.of("G/N", "n") if r.status is None].count(0.0) == 1
    node.close()
    tap.close()


def test_what_could_not_be_stored_is_asked_for_again(broker: Mosquitto) -> None:
    house = House(hold=True)
    node = EdgeNode(broker.port)
    with running(house, broker.url, session_expiry=3600) as made:
        online(made)
        node.send("NBIRTH", [metric("n", 7, INT64)], qos=1)
        until(lambda: house.of("G/N", "n"))
        house.store(StoreError("the disk is full"))
        until(lambda: [r.value for r in house.of("G/N", "n")].count(7.0) == 2)
        house.store()
        assert "readings were not stored: the disk is full" in house.said
        assert made.totals()["sessions"] == 2
    node.close()


# Servers that are none


def test_bytes_that_are_no_mqtt_end_in_words(tmp_path: Path) -> None:
    house, dice = House(), random.Random(1)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client:
                    client.recv(4096)
                    client.sendall(bytes([0x20, 2, 0, 0]) if dice.random() < 0.5 else b"")
                    client.sendall(dice.randbytes(512))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with running(house, f"mqtt://127.0.0.1:{listener.getsockname()[1]}", retry_most=0.05, retry_first=0.05):
        until(lambda: len(house.downs) >= 20)
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


@pytest.mark.parametrize("answer", [bytes([0x20, 2, 0, 1]), b""], ids=["refuses", "hangs up"])
def test_a_server_that_knows_only_the_older_mqtt_is_spoken_with_in_it(broker: Mosquitto, answer: bytes) -> None:
    house = House()
    listener = socket.create_server(("127.0.0.1", 0))
    tap = Tap(broker.port)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                first = client.recv(4096)
                if first[8] == 5:  # protocol level, behind fixed header of 2 and the name
                    client.sendall(answer)
                    client.close()
                    continue
                server = socket.create_connection(("127.0.0.1", tap.port))
                server.sendall(first)
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=_carry, args=(source, sink), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with running(house, f"mqtt://127.0.0.1:{listener.getsockname()[1]}") as made:
        online(made)
        assert made.links[0].session is not None and made.links[0].session.version == 4
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    tap.close()
    thread.join(5)


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError), source, sink:
        while data := source.recv(65536):
            sink.sendall(data)


def test_the_kind_runs_by_its_name_and_stops(broker: Mosquitto) -> None:
    house, stop = House(), threading.Event()
    thread = threading.Thread(target=run, args=(Sparkplug(servers=(broker.url,)), house, stop))
    thread.start()
    until(lambda: house.ups)
    stop.set()
    thread.join(20)
    assert not thread.is_alive() and house.said[-1].startswith("totals: ")
    assert KIND.name == "sparkplug" and KIND.run is run


@pytest.mark.parametrize(
    ("words", "key", "text"),
    [
        ({"servers": ("http://h",)}, "servers", "write mqtts://HOST[:PORT]"),
        ({"servers": ("mqtt://h:99999",)}, "servers", "write mqtts://HOST[:PORT]"),
        ({"servers": ("mqtt://u:p@h",)}, "servers", "give user and password"),
        ({"servers": ()}, "servers", "none is given"),
        ({"servers": ("mqtt://h", "mqtt://h:1883")}, "servers", "stands twice"),
        ({"ca_file": Path("/nowhere.pem"), "servers": ("mqtts://h",)}, "ca_file", "is no file"),
        ({"ca_file": Path("/nowhere.pem")}, "ca_file", "mqtts://"),
        ({"cert_file": Path(__file__), "servers": ("mqtts://h",)}, "key_file", "go together"),
        ({"password": "x"}, "user", "user name"),
        ({"keepalive": 0}, "keepalive", "not between"),
        ({"host_id": "a/b"}, "host_id", "+ / #"),
        ({"groups": ("",)}, "groups", "not empty"),
        ({"max_tags": 0}, "max_tags", "not between"),
    ],
)
def test_wrong_settings_are_named_with_the_way_out(words: dict[str, Any], key: str, text: str) -> None:
    found = check(Sparkplug(**{"servers": ("mqtt://h",), **words}))
    assert [(k, t) for k, t in found if k == key and text in t], found


def test_a_payload_from_nowhere_is_told_once_and_counted(broker: Mosquitto) -> None:
    house = House()
    with running(house, broker.url) as made:
        online(made)
        node = EdgeNode(broker.port)
        for _ in range(3):
            node.client.publish(node.topic("NDATA"), b"\xff\xff\xff", qos=1).wait_for_publish(10)
        node.client.publish("spBv1.0/G/OTHER/N", payload([])).wait_for_publish(10)
        until(lambda: made.totals().get("malformed") == 3 and made.totals().get("other_topic"))
        assert house.said == ["G/N: a NDATA is not read: no Sparkplug B payload"]
        node.close()
