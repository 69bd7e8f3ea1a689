"""The MQTT client reads ahead, and yet waits for nothing that it has read already."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator

import pytest

from linewarden.collectors._mqtt.link import _client_class

MANY = 1_000


def publish(n: int) -> bytes:
    """A PUBLISH of QoS 0 (MQTT 3.1.1, 3.3)."""
    body = b"\x00\x01t" + n.to_bytes(4, "big") + b"x" * 200
    return b"\x30" + bytes([len(body) & 0x7F | 0x80, len(body) >> 7]) + body


@pytest.fixture
def line() -> Iterator[tuple[socket.socket, list[int], object]]:
    """A server's end, the numbers of messages that came, and a client as it is once it is connected."""
    import paho.mqtt.client as mqtt

    ours, theirs = socket.socketpair()
    client = _client_class()(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    came: list[int] = []
    client.on_message = lambda _c, _u, message: came.append(int.from_bytes(message.payload[:4], "big"))
    ours.setblocking(False)
    client._sock = ours
    yield theirs, came, client
    theirs.close()
    ours.close()


def test_all_messages_come_in_order_without_waiting_for_more(line: tuple[socket.socket, list[int], object]) -> None:
    theirs, came, client = line
    theirs.sendall(b"".join(map(publish, range(MANY))))
    began, turns = time.monotonic(), 0
    while len(came) < MANY:
        client._loop(5.0)  # type: ignore[attr-defined]
        turns += 1
    assert came == list(range(MANY)) and time.monotonic() - began < 5.0
    assert turns < MANY / 50 and not select.select([client._sock], [], [], 0)[0]  # type: ignore[attr-defined]


def test_a_message_may_come_in_pieces(line: tuple[socket.socket, list[int], object]) -> None:
    theirs, came, client = line
    data = b"".join(map(publish, range(3)))
    for at in range(0, len(data), 97):
        theirs.sendall(data[at : at + 97])
        client._loop(0.1)  # type: ignore[attr-defined]
    assert came == [0, 1, 2]


def test_the_end_of_the_connection_comes_after_what_was_read_ahead(
    line: tuple[socket.socket, list[int], object],
) -> None:
    theirs, came, client = line
    theirs.sendall(b"".join(map(publish, range(600))))
    theirs.shutdown(socket.SHUT_WR)
    codes = [client._loop(0.1) for _ in range(10)]  # type: ignore[attr-defined]
    assert came == list(range(600)) and any(codes)
