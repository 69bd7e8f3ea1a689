"""The MES: takes customised orders over HTTP from the office and starts them on the line (OPC UA method call)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from linewarden.exercises.context import Context
from linewarden.exercises.devices._http import Answer, Request, serve_http
from linewarden.exercises.devices._opcua import SPACE, url
from linewarden.exercises.pace import aticks, keep, say, together

HTTP_PORT = 8080
FIRST_ORDER = 2


class Mes:
    """Orders and notices (ISA-95: operations requests) that people give it."""

    def __init__(self) -> None:
        self.orders: list[dict[str, Any]] = []
        self.notices: list[dict[str, Any]] = []
        self.waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.running: dict[str, Any] = {}

    async def answer(self, request: Request) -> Answer:
        """/orders and /notices: GET lists, POST adds."""
        lists = {"/orders": self.orders, "/notices": self.notices}
        if request.path not in lists:
            return Answer(200, "<html><title>MES</title></html>")
        if request.method == "POST":
            said = json.loads(request.body)
            if request.path == "/orders":
                said = self.accept(said)
            else:
                self.notices.append(said)
            return Answer(201, json.dumps(said), "application/json")
        return Answer(200, json.dumps(lists[request.path]), "application/json")

    def accept(self, order: dict[str, Any]) -> dict[str, Any]:
        """Numbers an order and puts it at the end of the queue."""
        numbered = {**order, "number": len(self.orders) + FIRST_ORDER}
        self.orders.append(numbered)
        self.waiting.put_nowait(numbered)
        return numbered

    async def line(self, ctx: Context) -> None:
        """Watches the line's counts and starts orders; a finished order without a successor is made once more."""
        from asyncua import Client, ua

        client = Client(url(ctx, "scada"))
        client.name = client.description = "MES connector"
        client.application_uri = "urn:mes.office.example:opcua"
        async with client:
            space = await client.get_namespace_index(SPACE)
            line = await client.nodes.objects.get_child([f"{space}:Line1"])
            done = await line.get_child([f"{space}:OrderDone"])
            async for _ in aticks(2.0):
                made = await done.read_value()
                if self.running and self.waiting.empty() and made >= self.running["bottles"]:
                    self.accept(self.running)
                while not self.waiting.empty():
                    self.running = order = self.waiting.get_nowait()
                    whole = [
                        ua.Variant(int(order[k]), ua.VariantType.Int64) for k in ("number", "bottles", "ml", "speed")
                    ]
                    torque = ua.Variant(float(order["torque"]), ua.VariantType.Double)
                    await line.call_method(f"{space}:StartOrder", *whole, torque, str(order.get("label", "")))
                    say(f"started {order}")


async def run(ctx: Context) -> None:
    """Web server and line connector."""
    mes = Mes()
    await together(serve_http(ctx.own, ctx.port(HTTP_PORT), mes.answer, "MES/3.2"), keep("line", lambda: mes.line(ctx)))
