"""Sparkplug edge nodes that publish at a rate which a line of standard input sets (readings a second; `end` ends).

Payloads are made once, and only the time, the values and the number change, so that this costs as little as it can.
usage: python edge_nodes.py PORT NODES METRICS
"""

from __future__ import annotations

import struct
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from linewarden.collectors._mqtt.schema import payload_class

DOUBLE, INT64 = 10, 4
PLACES = 1e300


def varint(value: int) -> bytes:
    """As protobuf writes whole numbers."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class Payloads:
    """Births and data of an edge node with so many metrics, made by changing what changes in them."""

    def __init__(self, metrics: int) -> None:
        payload = payload_class()()
        for alias in range(1, metrics + 1):
            metric = payload.metrics.add()
            metric.alias, metric.datatype, metric.double_value = alias, DOUBLE, PLACES + alias * 1e290
        self._body = bytearray(payload.SerializeToString())
        self._places = [self._body.index(struct.pack("<d", PLACES + a * 1e290)) for a in range(1, metrics + 1)]

    def birth(self, row: np.ndarray) -> bytes:
        """All metrics with their names, now."""
        payload = payload_class()()
        payload.timestamp, payload.seq = time.time_ns() // 1_000_000, 0
        number: Any = payload.metrics.add()
        number.name, number.datatype, number.long_value = b"bdSeq", INT64, 0
        for alias, value in enumerate(row, start=1):
            metric = payload.metrics.add()
            metric.name, metric.alias, metric.datatype, metric.double_value = f"V{alias}".encode(), alias, DOUBLE, value
        return bytes(payload.SerializeToString())

    def data(self, row: np.ndarray, seq: int, at_ms: int) -> bytes:
        """Values, at a time."""
        for place, value in zip(self._places, row.tolist(), strict=True):
            struct.pack_into("<d", self._body, place, value)
        return b"\x08" + varint(at_ms) + bytes(self._body) + b"\x18" + varint(seq)


class Node:
    """One edge node; `rows` are its values, one after the other and then from the beginning."""

    def __init__(self, port: int, name: str, rows: np.ndarray) -> None:
        import paho.mqtt.client as mqtt

        self._rows, self._at, self._seq = rows, 0, 0
        self._topic = f"spBv1.0/bench/NDATA/{name}"
        self._payloads = Payloads(rows.shape[1])
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"edge-{name}")
        self._client.max_queued_messages_set(0)
        there = threading.Event()
        self._client.on_connect = lambda *_: there.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        there.wait(20)
        birth = self._payloads.birth(rows[0])
        self._client.publish(f"spBv1.0/bench/NBIRTH/{name}", birth).wait_for_publish(10)

    def publish(self) -> None:
        """The next row, now."""
        self._seq = (self._seq + 1) % 256
        row = self._rows[self._at % len(self._rows)]
        self._at += 1
        self._client.publish(self._topic, self._payloads.data(row, self._seq, time.time_ns() // 1_000_000))


def main() -> None:
    port, nodes, metrics = map(int, sys.argv[1:4])
    dice = np.random.default_rng(7)
    hidden, mix = dice.normal(size=(4_000, 6)), dice.normal(size=(6, metrics))
    rows = hidden @ mix + dice.normal(0, 0.3, (4_000, metrics))
    all_nodes = [Node(port, f"n{k}", np.roll(rows, 97 * k, axis=0)) for k in range(nodes)]
    rate, end = [0.0], threading.Event()
    threading.Thread(target=_orders, args=(rate, end), daemon=True).start()
    print("ready", flush=True)
    due = time.monotonic()
    at = 0
    while not end.is_set():
        if not rate[0]:
            time.sleep(0.05)
            due = time.monotonic()
            continue
        all_nodes[at % nodes].publish()
        at += 1
        due = max(due + metrics / rate[0], time.monotonic() - 0.5)
        if (wait := due - time.monotonic()) > 0.001:
            time.sleep(wait)


def _orders(rate: list[float], end: threading.Event) -> None:
    for line in sys.stdin:
        if line.strip() == "end":
            break
        rate[0] = float(line)
    end.set()


if __name__ == "__main__":
    main()
