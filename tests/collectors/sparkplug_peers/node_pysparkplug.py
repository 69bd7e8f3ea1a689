# mypy: ignore-errors
"""An edge node of pysparkplug (its own environment: scripts/sparkplug-peers.sh). usage: node_pysparkplug.py PORT"""

import sys
import threading
import time
from datetime import UTC, datetime

import pysparkplug as psp

GROUP, NODE, DEVICE = "Peers", "pysparkplug", "press"
port = int(sys.argv[1])
wanted = threading.Event()


def now() -> int:
    return int(time.time() * 1000)


def metric(name, datatype, value, alias):
    return psp.Metric(timestamp=now(), name=name, datatype=datatype, value=value, alias=alias)


def commanded(node, message) -> None:
    if any(m.name == "Node Control/Rebirth" and m.value for m in message.payload.metrics):
        wanted.set()


types = psp.DataType
node = psp.EdgeNode(
    GROUP,
    NODE,
    [
        metric("Node Control/Rebirth", types.BOOLEAN, False, None),
        metric("small", types.INT8, -5, 1),
        metric("large", types.INT64, -(2**40), 2),
        metric("unsigned", types.UINT32, 2**32 - 1, 3),
        metric("real", types.DOUBLE, 0.25, 4),
        metric("single", types.FLOAT, 0.5, 5),
        metric("truth", types.BOOLEAN, True, 6),
        metric("text", types.STRING, "Grüße", 7),
        metric("when", types.DATETIME, datetime.fromtimestamp(1_700_000_000, UTC), 8),
    ],
    cmd_callback=commanded,
)
device = psp.Device(DEVICE, [metric("count", types.INT32, 0, 20)])
node.register(device)
node.connect("127.0.0.1", port=port, blocking=False)
while not node._connected:  # it has no other way to say so
    time.sleep(0.01)
time.sleep(0.2)
print("ready", flush=True)


def serve() -> None:
    while True:
        wanted.wait()
        wanted.clear()
        node.disconnect()
        node.connect("127.0.0.1", port=port, blocking=False)
        print("reborn", flush=True)


threading.Thread(target=serve, daemon=True).start()
for line in sys.stdin:
    node.update_device(DEVICE, [metric("count", types.INT32, int(line), 20)])
node.disconnect()
