# mypy: ignore-errors
"""An edge node of Eclipse Tahu's Python functions (its own environment: scripts/sparkplug-peers.sh): aliases, a data
set, a template. usage: node_tahu.py PORT"""

import os
import sys

os.environ["PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"] = "python"
import paho.mqtt.client as mqtt
from tahu import sparkplug_b as sp

GROUP, NODE, DEVICE = "Peers", "tahu", "press"
port = int(sys.argv[1])
Type = sp.MetricDataType


def topic(kind: str, device: str = "") -> str:
    return f"spBv1.0/{GROUP}/{kind}/{NODE}" + (f"/{device}" if device else "")


def send(kind: str, payload, device: str = "") -> None:
    client.publish(topic(kind, device), bytearray(payload.SerializeToString()), 0, False)


def births() -> None:
    payload = sp.getNodeBirthPayload()
    sp.addMetric(payload, "Node Control/Rebirth", None, Type.Boolean, False)
    sp.addMetric(payload, "small", 1, Type.Int16, -300 % 2**32)
    sp.addMetric(payload, "text", 2, Type.String, "Grüße")
    table = sp.initDatasetMetric(payload, "batch", 3, ["n", "note"], [Type.Int32, Type.String])
    for number, note in ((-1, "a"), (2, "b")):
        row = table.rows.add()
        row.elements.add().int_value = number % 2**32
        row.elements.add().string_value = note
    motor = sp.initTemplateMetric(payload, "Motor", None, None)
    motor.is_definition = True
    sp.addMetric(motor, "rpm", None, Type.Int32, 0)
    one = sp.initTemplateMetric(payload, "M1", 4, "Motor")
    one.is_definition = False
    sp.addMetric(one, "rpm", None, Type.Int32, 1480)
    send("NBIRTH", payload)
    payload = sp.getDeviceBirthPayload()
    sp.addMetric(payload, "count", 5, Type.Int32, 0)
    send("DBIRTH", payload, DEVICE)


def message(client, userdata, said) -> None:
    payload = sp.sparkplug_b_pb2.Payload()
    payload.ParseFromString(said.payload)
    if any(m.name == "Node Control/Rebirth" and m.boolean_value for m in payload.metrics):
        births()
        print("reborn", flush=True)


def connected(client, *_) -> None:
    client.subscribe(topic("NCMD"), 1)
    births()
    print("ready", flush=True)


client = mqtt.Client(client_id="tahu")
client.on_connect, client.on_message = connected, message
client.will_set(topic("NDEATH"), bytearray(sp.getNodeDeathPayload().SerializeToString()), 1, False)
client.connect("127.0.0.1", port)
client.loop_start()
for line in sys.stdin:
    payload = sp.getDdataPayload()
    sp.addMetric(payload, None, 5, Type.Int32, int(line))
    send("DDATA", payload, DEVICE)
client.socket().close()  # without a word: its will is told
