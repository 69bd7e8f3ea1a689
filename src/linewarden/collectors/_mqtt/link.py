"""A session with an MQTT server that is begun again whenever it ends: TLS, user, will, subscriptions, back-off.

Source: MQTT 3.1.1 and 5.0 (OASIS); paho-mqtt does the protocol. Each session is a client of its own, so that a will can
have the time of its own CONNECT, and nothing of an old session is taken for one of the new.
"""

from __future__ import annotations

import random
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

from linewarden.collectors._mqtt.acks import Receipt
from linewarden.collectors._mqtt.inbox import Inbox
from linewarden.collectors._mqtt.settings import Broker, Server

_GOODBYE_S = 3.0
_AHEAD, _PACKETS = 1 << 16, 256
"""Bytes that are read ahead at least, and packets that are taken of them in a row."""
_RECEIVE_MOST = 65_535
_UNSUPPORTED = 132
_SHORT_S, _OFTEN = 10.0, 3
"""So many sessions in a row that lasted no longer are told as odd."""


@dataclass(frozen=True, slots=True)
class Will:
    """What the server says of us when we are gone, and what we say with the same time when we are here."""

    topic: str
    gone: Callable[[int], bytes]
    """Payload for a time, ms UTC."""


class Event(NamedTuple):
    """What happened in a session (None: it never came about). payload: of a message, else empty; text: its topic, the
    topics that are refused, or why it is over."""

    what: Literal["opened", "subscribed", "message", "closed"]
    link: Link
    session: Session | None
    text: str = ""
    payload: bytes = b""
    receipt: Receipt | None = None
    again: bool = False
    """Sent a second time (DUP)."""
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Role:
    """What sessions are for. resume: seconds for which the server keeps what is meant for us; 0: nothing is kept."""

    client_id: str
    filters: tuple[str, ...]
    resume: int = 0
    will: Will | None = None


class Session:
    """One connection to one server, from CONNECT to its end."""

    def __init__(self, link: Link, server: Server, version: int) -> None:
        self.server, self.version, self.stamp = str(server), version, time.time_ns() // 1_000_000
        self.since = time.monotonic()
        self.over = threading.Event()
        self.answered, self.was_open, self.unsupported, self.why = False, False, False, ""
        self._link, self._closing = link, False
        self._client = _client(self, link.settings, link.role, server.tls)
        self._client.on_connect, self._client.on_subscribe = self._connected, self._subscribed
        self._client.on_message, self._client.on_disconnect = self._message, self._disconnected
        if link.role.will is not None:
            self._client.will_set(link.role.will.topic, link.role.will.gone(self.stamp), qos=1, retain=True)
        self._host, self._port = server.host, server.port

    def begin(self) -> None:
        """Connects, and takes messages in a thread of its own. Raises OSError where nobody answers."""
        self._client.connect(self._host, self._port, keepalive=self._link.settings.keepalive, **self._session_words())
        self._client.loop_start()

    def _session_words(self) -> dict[str, Any]:
        if self.version != 5:
            return {}
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        words = Properties(PacketTypes.CONNECT)
        words.SessionExpiryInterval = self._link.role.resume
        words.ReceiveMaximum = _RECEIVE_MOST
        words.MaximumPacketSize = (self._link.settings.max_payload_mb << 20) + 65_536
        return {"clean_start": self._link.role.resume == 0, "properties": words}

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> Any:
        """Sends a message, from any thread."""
        return self._client.publish(topic, payload, qos=qos, retain=retain)

    def unsent(self) -> int:
        """Messages with QoS 1 that the server has not taken yet."""
        return len(self._client._out_messages)  # paho-mqtt has no public word for it

    def ack(self, mid: int) -> None:
        """The message of this number is ours now; nothing where the session is over."""
        if not self.over.is_set():
            self._client.ack(mid, 1)

    def drop(self, why: str) -> None:
        """Ends the session; the link begins a new one."""
        if not self.over.is_set():
            self.end(why)

    def goodbye(self, topic: str, payload: bytes) -> None:
        """Says that we go, and waits until the server has it."""
        if self.was_open and not self.over.is_set():
            self._closing = True
            info = self.publish(topic, payload, qos=1, retain=True)
            if info.rc == 0:
                info.wait_for_publish(_GOODBYE_S)

    def end(self, why: str) -> None:
        """No more of it: once."""
        if not self.over.is_set():
            self.why = self.why or why
            self._closing = True
            self.over.set()

    def close(self) -> None:
        """Ends it towards the server, too, and waits for its thread."""
        self.over.set()
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: Any, userdata: object, flags: Any, reason: Any, properties: Any) -> None:
        self.answered = True
        if reason.is_failure:
            self.unsupported = self.version == 5 and reason.value == _UNSUPPORTED
            self.end(f"the server refuses: {str(reason).lower()}{_way_out(reason.value)}")
            return
        self.was_open = True
        self._link.inbox.put(Event("opened", self._link, self, "resumed" if flags.session_present else ""))
        if self._link.role.filters:
            client.subscribe([(topic, 1) for topic in self._link.role.filters])

    def _subscribed(self, client: Any, userdata: object, mid: int, reasons: Any, properties: Any) -> None:
        refused = [t for t, r in zip(self._link.role.filters, reasons, strict=False) if r.is_failure]
        self._link.inbox.put(Event("subscribed", self._link, self, ", ".join(refused)))

    def _message(self, client: Any, userdata: object, message: Any) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        receipt = Receipt(self, message.mid, hash((topic, message.payload))) if message.qos else None
        event = Event(
            "message", self._link, self, topic, message.payload, receipt, bool(message.dup), bool(message.retain)
        )
        self._link.inbox.put(event, len(message.payload) + len(topic))

    def _disconnected(self, client: Any, userdata: object, flags: Any, reason: Any, properties: Any) -> None:
        if flags.is_disconnect_packet_from_server:
            self.end(f"the server has ended the session: {str(reason).lower()}{_way_out(reason.value)}")
        elif not self.answered:
            self.end("it ends the connection without an answer; does it ask for a certificate (cert_file)?")
        else:
            self.end(f"connection lost: {str(reason).lower()}")


def _way_out(code: int) -> str:
    """What to do, for the reasons that a person can do something about (MQTT 5.0, 2.4)."""
    return {
        133: "; choose another client_id", 134: "; check user and password", 135: "; let this user in on the server",
        138: "; the server has banned this client", 142: "; another client uses the same client_id: give each its own",
        149: "; raise max_payload_mb, or the server's limit",
    }.get(code, "")  # fmt: skip


@cache
def _client_class() -> Any:
    import paho.mqtt.client as mqtt

    class Client(mqtt.Client):  # type: ignore[misc]
        """A client of which the thread ends in words, whatever bytes a server sends: `on_wrong` is told.

        It reads ahead: paho asks the socket for a byte of a packet's head at a time and waits for it before each
        packet, which at thousands of messages a second costs more than all else that becomes of them.
        """

        on_wrong: Callable[[str], None]
        _ahead, _at = b"", 0

        def loop_forever(self, *words: Any, **more: Any) -> Any:
            try:
                return super().loop_forever(*words, **more)
            except Exception as error:  # noqa: BLE001
                self.on_wrong(f"the server does not keep to MQTT: {type(error).__name__}: {error}")
                return mqtt.MQTTErrorCode.MQTT_ERR_PROTOCOL

        def _loop(self, timeout: float = 1.0) -> Any:
            """A turn; what was read ahead is not waited for."""
            if self._at < len(self._ahead):
                result, timeout = self.loop_read(), 0.0
                if result != mqtt.MQTTErrorCode.MQTT_ERR_SUCCESS:
                    return result
            return super()._loop(timeout)

        def loop_read(self, max_packets: int = 1) -> Any:
            """What was read ahead; not without end, as answers must go out, too."""
            result = super().loop_read(max_packets)
            for _ in range(_PACKETS):
                if result != mqtt.MQTTErrorCode.MQTT_ERR_SUCCESS or self._at >= len(self._ahead):
                    break
                result = super().loop_read(max_packets)
            return result

        def _sock_recv(self, bufsize: int) -> bytes:
            if self._at >= len(self._ahead):
                self._ahead, self._at = super()._sock_recv(max(bufsize, _AHEAD)), 0
            part = self._ahead[self._at : self._at + bufsize]
            self._at += len(part)
            return part

    return Client


def _client(session: Session, settings: Broker, role: Role, tls: bool) -> Any:
    import paho.mqtt.client as mqtt

    five = session.version == 5
    client = _client_class()(
        mqtt.CallbackAPIVersion.VERSION2,
        client_id=role.client_id,
        clean_session=None if five else role.resume == 0,
        protocol=mqtt.MQTTv5 if five else mqtt.MQTTv311,
        reconnect_on_failure=False,
        manual_ack=True,
    )
    client.on_wrong = session.end
    client.connect_timeout = settings.timeout
    if settings.user:
        client.username_pw_set(settings.user, settings.password or None)
    if tls:
        client.tls_set_context(_tls(settings))
    return client


class _Socket(ssl.SSLSocket):
    """Closed where no trust comes about: nobody else would."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def _tls(settings: Broker) -> ssl.SSLContext:
    """TLS 1.2 or later; the server's certificate is always checked, and its name."""
    context = ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
    context.sslsocket_class = _Socket
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.cert_file and settings.key_file:
        context.load_cert_chain(str(settings.cert_file), str(settings.key_file), password=lambda: "")
    return context


class Link:
    """Keeps a session with one of some servers; the next one is tried where one does not answer."""

    def __init__(self, settings: Broker, servers: tuple[Server, ...], role: Role, inbox: Inbox[Event]) -> None:
        self.settings, self.servers, self.role, self.inbox = settings, servers, role, inbox
        self.session: Session | None = None
        self._stop = threading.Event()
        self._short = 0
        self._version = 4 if settings.version == "3.1.1" else 5
        self._thread = threading.Thread(target=self._run, name=f"mqtt {servers[0]}", daemon=True)

    def start(self) -> None:
        """Begins, in a thread of its own."""
        self._thread.start()

    def stop(self, farewell: Callable[[Session], None] = lambda _: None) -> None:
        """Ends; `farewell` may say a last word in a session that is open."""
        self._stop.set()
        if (session := self.session) is not None:
            farewell(session)
            session.end("we stop")
        self._thread.join(2 * _GOODBYE_S + self.settings.timeout)

    def _run(self) -> None:
        wait, at = self.settings.retry_first, 0
        while not self._stop.is_set():
            session = self._one(self.servers[at % len(self.servers)])
            if session is not None and self._other_version(session):
                continue
            if session is not None and not self._stop.is_set():
                self.inbox.put(Event("closed", self, session, session.why + self._too_often(session)))
            was_open = session is not None and session.was_open
            wait = self.settings.retry_first if was_open else wait
            at += 1
            if at % len(self.servers) == 0 or was_open:  # all of them were tried
                self._stop.wait(wait * random.uniform(0.5, 1.0))  # noqa: S311 (so that not all come at once)
                wait = min(2 * wait, self.settings.retry_most)

    def _too_often(self, session: Session) -> str:
        """What it may be where sessions begin and soon end, again and again."""
        self._short = self._short + 1 if session.was_open and time.monotonic() - session.since < _SHORT_S else 0
        return "; so soon again: does another client use the same client_id?" if self._short >= _OFTEN else ""

    def _one(self, server: Server) -> Session | None:
        """A session from its beginning to its end; None where our own certificate cannot be used."""
        try:
            session = self.session = Session(self, server, self._version)
        except OSError as error:
            why = f"certificates cannot be used: {error.strerror or error}; check ca_file, cert_file and key_file"
            self.inbox.put(Event("closed", self, None, why))
            return None
        try:
            session.begin()
        except OSError as error:
            session.answered = True
            session.end(_words(error))
        session.over.wait()
        session.close()
        return session

    def _other_version(self, session: Session) -> bool:
        """Whether the server is to be asked at once in the other version of MQTT. Some do not answer one they do not
        know, so that both are tried in turn then."""
        if self.settings.version != "auto" or not (session.unsupported or not session.answered):
            return False
        self._version = 4 if self._version == 5 else 5
        return session.unsupported


def _words(error: OSError) -> str:
    """Why no connection came about, and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}; check ca_file and the host's name"
    if isinstance(error, ssl.SSLError):
        return f"no TLS with it: {error.reason or error}; check the port, and cert_file if it asks for one"
    if isinstance(error, TimeoutError):
        return "does not answer; check its address and firewalls"
    return f"{error.strerror or error}; check its address, and that it runs"
