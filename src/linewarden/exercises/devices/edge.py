"""Edge gateways: Sparkplug B edge nodes over MQTT 3.1.1, with paho-mqtt."""

from __future__ import annotations

import threading
from typing import Any

from linewarden.exercises.context import Context
from linewarden.exercises.devices._sparkplug import REBIRTH, decode, encode
from linewarden.exercises.pace import say, ticks

MQTT_PORT = 1883
GROUP = "Bottling"
BDSEQ = "bdSeq"
SIGNALS = {
    "vibration": {
        "Conveyor/Vibration RMS mm_s": "plant.conveyor_vibration_mm_s",
        "Conveyor/Winding temperature C": "plant.conveyor_c",
        "Conveyor/Speed rpm": "plant.conveyor_rpm",
    },
    "energy": {
        "Area/Power kW": "plant.power_kw",
        "Area/Energy kWh": "plant.energy_kwh",
        "Compressor/Temperature C": "plant.compressor_c",
        "Pasteuriser/Heater kW": "plant.heater_kw",
    },
}


class EdgeNode:
    """One edge node: births, data by exception, and a will that says when it died."""

    def __init__(self, ctx: Context) -> None:
        import paho.mqtt.client as mqtt

        self._ctx, self._signals = ctx, SIGNALS[ctx.device.part]
        self._seq, self._reborn = 0, threading.Event()
        self._last: dict[str, float] = {}
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=ctx.name)
        self.client.will_set(self._topic("NDEATH"), encode(ctx.clock.now_ms(), None, {BDSEQ: 0}), qos=1)
        self.client.on_connect = self._connected
        self.client.on_message = self._commanded

    def _topic(self, kind: str) -> str:
        return f"spBv1.0/{GROUP}/{kind}/{self._ctx.name}"

    def _connected(self, client: Any, *_: object) -> None:
        client.subscribe(self._topic("NCMD"), qos=1)
        self._reborn.set()

    def _commanded(self, client: Any, userdata: object, message: Any) -> None:
        _, metrics = decode(message.payload)
        if metrics.get(REBIRTH):
            self._reborn.set()

    def _publish(self, kind: str, metrics: dict[str, float | int | bool | str]) -> None:
        self.client.publish(self._topic(kind), encode(self._ctx.clock.now_ms(), self._seq, metrics), qos=0)
        self._seq = (self._seq + 1) % 256

    def birth(self) -> None:
        """NBIRTH: every metric with its value, and what the node is."""
        device = self._ctx.device
        self._seq = 0
        self._last = {name: self._ctx.board.get(signal) for name, signal in self._signals.items()}
        said = {
            "Properties/Hardware Make": device.vendor, "Properties/Hardware Model": device.model,
            "Properties/FW": device.firmware, "Properties/Serial": device.serial,
        }  # fmt: skip
        self._publish("NBIRTH", {BDSEQ: 0, REBIRTH: False, **said, **self._last})

    def data(self) -> None:
        """NDATA: what has changed by more than a thousandth."""
        changed: dict[str, float | int | bool | str] = {}
        for name, signal in self._signals.items():
            value = self._ctx.board.get(signal)
            if abs(value - self._last.get(name, 0.0)) > 0.001 * max(1.0, abs(value)):
                changed[name] = self._last[name] = value
        if changed:
            self._publish("NDATA", changed)

    def run(self) -> None:
        """Until it is ended."""
        self.client.connect_async(self._ctx.address("mqtt-broker"), MQTT_PORT, keepalive=15)
        self.client.loop_start()
        for _ in ticks(1.0):
            if self._reborn.is_set():
                self._reborn.clear()
                say("birth")
                self.birth()
            elif self.client.is_connected():
                self.data()


def run(ctx: Context) -> None:
    """Plays the edge node."""
    EdgeNode(ctx).run()
