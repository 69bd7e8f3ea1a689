"""An OPC UA server (asyncua) whose variables change at a rate which a line of standard input sets.

usage: python opcua_server.py PORT VARIABLES
"""

from __future__ import annotations

import asyncio
import sys

import numpy as np
from asyncua import Server, ua


async def main() -> None:
    port, count = map(int, sys.argv[1:3])
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/bench")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    space = await server.register_namespace("urn:bench")
    plant = await server.nodes.objects.add_object(space, "Plant")
    nodes = [await plant.add_variable(ua.NodeId(f"V{k}", space), f"V{k}", 0.0) for k in range(count)]
    dice = np.random.default_rng(3)
    rows = (dice.normal(size=(4_000, 4)) @ dice.normal(size=(4, count)) + dice.normal(0, 0.3, (4_000, count))).tolist()
    rate = [0.0]
    loop = asyncio.get_running_loop()
    end = loop.run_in_executor(None, _orders, rate)
    async with server:
        print("ready", flush=True)
        at, due = 0, loop.time()
        while not end.done():
            if not rate[0]:
                await asyncio.sleep(0.05)
                due = loop.time()
                continue
            for node, value in zip(nodes, rows[at % len(rows)], strict=True):
                await server.write_attribute_value(node.nodeid, ua.DataValue(ua.Variant(value, ua.VariantType.Double)))
            at += 1
            due = max(due + count / rate[0], loop.time() - 0.5)
            await asyncio.sleep(max(0.0, due - loop.time()))


def _orders(rate: list[float]) -> None:
    for line in sys.stdin:
        if line.strip() == "end":
            return
        rate[0] = float(line)


if __name__ == "__main__":
    asyncio.run(main())
