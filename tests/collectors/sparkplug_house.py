"""What the tests of the MQTT collectors share: a sink in memory, a real mosquitto, a tap on the wire, an edge node."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from linewarden.collectors._mqtt.readings import Readings
from linewarden.collectors._mqtt.schema import payload_class
from linewarden.collectors.contract import Numbers, Quality, Samples, Tag
from tests.ports import free_port

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")


def require_mosquitto() -> None:
    """Skips what needs a broker where there is none."""
    if MOSQUITTO is None:
        pytest.skip("no mosquitto: scripts/install-test-deps.sh installs it")


class Row(NamedTuple):
    """One reading as the sink got it."""

    source: str
    name: str
    value: float
    text: str | None
    quality: Quality
    status: str | None
    source_ts: int | None
    server_ts: int | None
    late: bool


class House:
    """A sink in memory. `hold`: readings are not on disk until `store` is called."""

    def __init__(self, *, hold: bool = False) -> None:
        self.tags: list[Tag] = []
        self.rows: list[Row] = []
        self.ups: list[str] = []
        self.downs: list[tuple[str, str]] = []
        self.said: list[str] = []
        self.waiting: list[Future[None]] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self._hold, self._lock = hold, threading.Lock()

    def tag(self, tag: Tag) -> int:
        with self._lock:
            number = self._numbers.setdefault((tag.source, tag.name), len(self.tags))
            if number == len(self.tags):
                self.tags.append(tag)
            self.tags[number] = tag
            return number

    def keep(self, out: Readings) -> None:
        """All that a host application read."""
        for part in out.parts():
            self.put(part)

    def put(self, samples: Samples | Numbers) -> Future[None]:
        future: Future[None] = Future()
        columns = (samples.value, samples.text, samples.quality, samples.status, samples.source_ts, samples.server_ts)
        assert {len(c) for c in columns} == {len(samples)}
        with self._lock:
            for number, value, text, quality, status, at, server in zip(samples.tag, *columns, strict=True):
                tag = self.tags[number]
                row = Row(tag.source, tag.name, value, text, quality, status, at, server, samples.history)
                self.rows.append(row)
            if self._hold:
                self.waiting.append(future)
                return future
        future.set_result(None)
        return future

    def store(self, error: Exception | None = None) -> None:
        """All that waits is on disk now, or failed."""
        with self._lock:
            waiting, self.waiting = self.waiting, []
        for future in waiting:
            future.set_exception(error) if error else future.set_result(None)

    def up(self, peer: str) -> None:
        self.ups.append(peer)

    def down(self, peer: str, why: str) -> None:
        self.downs.append((peer, why))

    def say(self, text: str) -> None:
        self.said.append(text)

    def of(self, source: str, name: str) -> list[Row]:
        """Readings of one tag."""
        with self._lock:
            return [r for r in self.rows if (r.source, r.name) == (source, name)]

    def about(self, source: str, name: str) -> Tag:
        """What is known of a tag."""
        return self.tags[self._numbers[source, name]]


def until(condition: Callable[[], Any], seconds: float = 60.0, what: str = "") -> Any:
    """What a condition gives once it is true."""
    limit = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < limit, f"not within {seconds} s: {what or condition}"
        time.sleep(0.01)
    return found


class Mosquitto:
    """A real broker on loopback, that may be stopped and started again on its port."""

    def __enter__(self) -> Mosquitto:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __init__(self, folder: Path, *lines: str, port: int | None = None) -> None:
        self.port = port or free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        anonymous = [] if any(line.startswith("allow_anonymous") for line in lines) else ["allow_anonymous true"]
        text = "\n".join((f"listener {self.port} 127.0.0.1", *anonymous, *lines, "user root", ""))
        (folder / "mosquitto.conf").write_text(text)
        self.start()

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        assert MOSQUITTO is not None
        with (self._folder / "mosquitto.log").open("ab") as log:
            command = [MOSQUITTO, "-c", str(self._folder / "mosquitto.conf")]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until(self._answers, what=f"mosquitto on {self.port}: {(self._folder / 'mosquitto.log').read_text()}")

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1.0):
            return True
        return False

    def stop(self, *, hard: bool = False) -> None:
        if self._process is not None:
            self._process.kill() if hard else self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:  # not what is tested: without a kill the next test would be blamed
                self._process.kill()
                self._process.wait(10)
            self._process = None


class Packet(NamedTuple):
    """One MQTT packet as it went over the wire. way: `out` is from the client to the server."""

    way: str
    kind: int
    flags: int
    body: bytes


CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, DISCONNECT = 1, 2, 3, 4, 8, 9, 14


def packets(way: str, data: bytes) -> Iterator[Packet]:
    """The whole packets in bytes of one direction (MQTT 5.0, 2.1)."""
    at = 0
    while at < len(data):
        length, shift, end = 0, 0, at + 1
        while end < len(data):
            length |= (data[end] & 0x7F) << shift
            shift += 7
            end += 1
            if data[end - 1] < 0x80:
                break
        if end + length > len(data):
            return
        yield Packet(way, data[at] >> 4, data[at] & 15, data[end : end + length])
        at = end + length


def _text(body: bytes, at: int) -> tuple[bytes, int]:
    size = int.from_bytes(body[at : at + 2], "big")
    return body[at + 2 : at + 2 + size], at + 2 + size


class Connect(NamedTuple):
    """What a CONNECT says (MQTT 3.1.1 and 5.0, 3.1). expiry: None where nothing is said of it."""

    version: int
    clean: bool
    will_qos: int
    will_retain: bool
    will_topic: str
    will: bytes
    client_id: str
    expiry: int | None


def connect_of(packet: Packet) -> Connect:
    body = packet.body
    _, at = _text(body, 0)
    version, flags = body[at], body[at + 1]
    at += 4
    expiry = None
    if version == 5:
        size = body[at]
        words = body[at + 1 : at + 1 + size]
        at += 1 + size
        if words[:1] == b"\x11":
            expiry = int.from_bytes(words[1:5], "big")
    client, at = _text(body, at)
    topic, will = b"", b""
    if flags & 4:
        if version == 5:
            at += 1 + body[at]
        topic, at = _text(body, at)
        will, at = _text(body, at)
    return Connect(
        version, bool(flags & 2), flags >> 3 & 3, bool(flags & 32), topic.decode(), will, client.decode(), expiry
    )


class Published(NamedTuple):
    """What a PUBLISH says."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


def publish_of(packet: Packet, version: int) -> Published:
    topic, at = _text(packet.body, 0)
    qos = packet.flags >> 1 & 3
    at += 2 if qos else 0
    if version == 5:
        at += 1 + packet.body[at]
    return Published(topic.decode(), packet.body[at:], qos, bool(packet.flags & 1))


class Tap:
    """Stands between a client and a server, and keeps what goes by; `cut` ends the connections."""

    def __enter__(self) -> Tap:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.order: list[list[tuple[str, bytes]]] = []
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._to), 5.0)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            self._sockets += [client, server]
            log: list[tuple[str, bytes]] = []
            self.order.append(log)
            for way, source, sink in (("out", client, server), ("in", server, client)):
                thread = threading.Thread(target=self._carry, args=(way, source, sink, log), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _carry(self, way: str, source: socket.socket, sink: socket.socket, log: list[tuple[str, bytes]]) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                log.append((way, data))
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def packets(self, connection: int = 0, way: str = "") -> list[Packet]:
        """Packets of a connection in the order in which they went by; of one direction where it is given."""
        left: dict[str, bytes] = {"out": b"", "in": b""}
        found: list[Packet] = []
        for direction, data in list(self.order[connection]) if connection < len(self.order) else []:
            left[direction] += data
            whole = list(packets(direction, left[direction]))
            size = sum(len(p.body) + (2 if len(p.body) < 128 else 3 if len(p.body) < 16384 else 4) for p in whole)
            left[direction] = left[direction][size:]
            found += whole
        return [p for p in found if not way or p.way == way]

    def published(self, connection: int = 0) -> list[Published]:
        """What the client published."""
        out = self.packets(connection, "out")
        version = connect_of(out[0]).version if out else 4
        return [publish_of(p, version) for p in out if p.kind == PUBLISH]

    def cut(self) -> None:
        for end in self._sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(5)
        for end in self._sockets:
            end.close()


INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, FLOAT, DOUBLE, BOOLEAN, STRING = range(1, 13)


def fill(metric: Any, value: Any, datatype: int) -> None:
    """Puts a value where its data type belongs (6.4.16)."""
    if value is None:
        metric.is_null = True
    elif isinstance(value, bytes):
        metric.bytes_value = value
    elif isinstance(value, str):
        metric.string_value = value.encode()
    elif datatype == BOOLEAN:
        metric.boolean_value = bool(value)
    elif datatype == FLOAT:
        metric.float_value = value
    elif datatype == DOUBLE:
        metric.double_value = value
    elif datatype in (INT64, UINT64, 13):
        metric.long_value = int(value) % (1 << 64)
    else:
        metric.int_value = int(value) % (1 << 32)


def metric(name: str, value: Any, datatype: int = DOUBLE, **more: Any) -> dict[str, Any]:
    """One metric for `payload`; name "" leaves it out, datatype is said unless say_type=False."""
    return {"name": name, "value": value, "datatype": datatype, **more}


def payload(metrics: list[dict[str, Any]], seq: int | None = None, stamp: int | None = 1_700_000_000_000) -> bytes:
    """A payload of these metrics; stamp in ms."""
    made = payload_class()()
    if stamp is not None:
        made.timestamp = stamp
    if seq is not None:
        made.seq = seq
    for said in metrics:
        add(made.metrics, said, stamp)
    data: bytes = made.SerializeToString()
    return data


def add(metrics: Any, said: dict[str, Any], stamp: int | None) -> Any:
    """Adds one metric."""
    one = metrics.add()
    if said["name"]:
        one.name = said["name"].encode()
    if said.get("say_type", True):
        one.datatype = said["datatype"]
    if said.get("ts", stamp) is not None:
        one.timestamp = said.get("ts", stamp)
    for field in ("alias", "is_historical", "is_transient"):
        if field in said:
            setattr(one, field, said[field])
    for key, (datatype, value) in said.get("properties", {}).items():
        one.properties.keys.append(key.encode())
        of = one.properties.values.add(type=datatype)
        fill(of, value, datatype)
    if "template" in said:
        _template(one.template_value, said["template"], stamp)
    elif callable(said["value"]):
        said["value"](one)
    elif said["value"] is not Ellipsis:
        fill(one, said["value"], said["datatype"])
    return one


def _template(template: Any, said: dict[str, Any], stamp: int | None) -> None:
    template.is_definition = said.get("definition", False)
    if "ref" in said:
        template.template_ref = said["ref"].encode()
    for member in said.get("members", []):
        add(template.metrics, member, stamp)
    for name, datatype, value in said.get("parameters", []):
        parameter = template.parameters.add(name=name.encode(), type=datatype)
        fill(parameter, value, datatype)


REBIRTH_METRIC = metric("Node Control/Rebirth", False, BOOLEAN)


def birth(metrics: list[dict[str, Any]], bdseq: int = 0, seq: int = 0, stamp: int = 1_700_000_000_000) -> bytes:
    """An NBIRTH with what each must have."""
    return payload([metric("bdSeq", bdseq, INT64), REBIRTH_METRIC, *metrics], seq, stamp)


def death(bdseq: int = 0) -> bytes:
    """An NDEATH."""
    return payload([metric("bdSeq", bdseq, INT64)], None, None)


class EdgeNode:
    """An edge node over paho-mqtt: one node with one device, which asks for births when it is told to."""

    def __init__(
        self, port: int, group: str = "G", node: str = "N", *, births: Callable[[EdgeNode], None] | None = None
    ):
        import paho.mqtt.client as mqtt

        self.group, self.node, self.seq, self.bdseq = group, node, 0, 0
        self.commands: list[Any] = []
        self.commanded = threading.Event()
        self._births = births
        self._answering: threading.Thread | None = None
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"edge-{group}-{node}")
        self.client.will_set(self.topic("NDEATH"), death(self.bdseq), qos=1)
        self._ready = threading.Event()
        self.client.on_connect = lambda client, *_: client.subscribe(self.topic("NCMD"), qos=1)
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.on_message = self._command
        self.client.connect("127.0.0.1", port, keepalive=60)
        self.client.loop_start()
        assert self._ready.wait(60)

    def topic(self, kind: str, device: str = "") -> str:
        return "/".join(("spBv1.0", self.group, kind, self.node, *([device] if device else [])))

    def _command(self, client: Any, userdata: object, message: Any) -> None:
        self._answering = threading.current_thread()
        self.commands.append(payload_class().FromString(message.payload))
        self.commanded.set()
        if self._births is not None:
            self._births(self)

    def send(self, kind: str, metrics: list[dict[str, Any]], device: str = "", **more: Any) -> None:
        """A message with the next number; `seq` sets one by hand, qos other than 0."""
        qos = more.pop("qos", 0)
        if kind == "NBIRTH":
            self.seq = 0
        seq = more.pop("seq", self.seq)
        stamp = more.pop("stamp", time.time_ns() // 1_000_000)
        data = birth(metrics, self.bdseq, seq, stamp) if kind == "NBIRTH" else payload(metrics, seq, stamp)
        sent = self.client.publish(self.topic(kind, device), data, qos=qos)
        if threading.current_thread() is not self._answering:
            sent.wait_for_publish(60)
        self.seq = (seq + 1) % 256

    def kill(self) -> None:
        """Gone without a word: the server publishes its will."""
        sock = self.client.socket()
        if sock is not None:
            sock.shutdown(socket.SHUT_RDWR)
        self.client.loop_stop()

    def close(self) -> None:
        self.client.publish(self.topic("NDEATH"), death(self.bdseq), qos=1).wait_for_publish(60)
        self.client.disconnect()
        self.client.loop_stop()
