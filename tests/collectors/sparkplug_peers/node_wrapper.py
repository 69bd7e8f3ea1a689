# mypy: ignore-errors
"""An edge node of mqtt-spb-wrapper (its own environment: scripts/sparkplug-peers.sh). usage: node_wrapper.py PORT

Its node and its device are clients of their own, each with its own sequence numbers.
"""

import sys
import time

from mqtt_spb_wrapper import MqttSpbEntityDevice, MqttSpbEntityEdgeNode

GROUP, NODE, DEVICE = "Peers", "wrapper", "press"
port = int(sys.argv[1])
node = MqttSpbEntityEdgeNode(GROUP, NODE, include_spb_rebirth=False)  # its own hook for it fails when it is used
node.commands.set_value("Node Control/Rebirth", False)
node.attributes.set_value("maker", "somebody")
node.data.set_value("level", 0.25)
node.data.set_value("text", "Grüße")
device = MqttSpbEntityDevice(GROUP, NODE, DEVICE)
device.data.set_value("count", 0)


def births() -> None:
    node.publish_birth()
    device.publish_birth()


def commanded(payload) -> None:
    if any(m["name"] == "Node Control/Rebirth" and m["value"] for m in payload["metrics"]):
        births()
        print("reborn", flush=True)


node.on_command = commanded
for one in (node, device):
    if not one.connect("127.0.0.1", port):
        sys.exit("no connection")
while not (node.is_connected() and device.is_connected()):
    time.sleep(0.01)
births()
print("ready", flush=True)
for line in sys.stdin:
    device.data.set_value("count", int(line))
    device.publish_data()
device.disconnect()
node.disconnect()
