"""A server on asyncua, for the tests: python opcua_server.py '{"port": 4840, ...}'. It prints `ready`, and counts.

options: port; every_ms: between two values of Counter; history: SQLite file; kept: file with the counter over a
restart; pki: folder with cert.der and key.pem (then with security); users: {name: password}; many: further variables
that change together; nodes: extras.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asyncua import Server, ua
from asyncua.crypto.permission_rules import User, UserRole

logging.disable(logging.CRITICAL)
OPTIONS = json.loads(sys.argv[1])
SPACE = "urn:test:line"


class Users:
    def get_user(
        self, _server: Any, username: str | None = None, password: str | None = None, certificate: Any = None
    ) -> Any:
        if certificate is not None and username is None and password is None:
            return User(role=UserRole.User, name="x509")
        if OPTIONS["users"].get(username) == password:
            return User(role=UserRole.User, name=username)
        return None


async def build() -> tuple[Server, int]:
    server = Server(user_manager=Users() if OPTIONS.get("users") else None)
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{OPTIONS['port']}/line/")
    await server.set_application_uri("urn:test:server")
    if pki := OPTIONS.get("pki"):
        await server.load_certificate(str(Path(pki) / "cert.der"))
        await server.load_private_key(str(Path(pki) / "key.pem"))
        server.set_security_policy([getattr(ua.SecurityPolicyType, p) for p in OPTIONS["policies"]])
    else:
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    if OPTIONS.get("tokens"):
        server.set_identity_tokens([getattr(ua, t) for t in OPTIONS["tokens"]])
    if OPTIONS.get("history"):
        from asyncua.server.history_sql import HistorySQLite

        storage = HistorySQLite(OPTIONS["history"], max_history_data_response_size=OPTIONS.get("page", 10_000))
        await storage.init()
        server.iserver.history_manager.set_storage(storage)
    return server, await server.register_namespace(SPACE)


async def kinds(server: Server, line: Any, space: int) -> None:
    """Variables of every kind."""
    folder = await line.add_folder(space, "Kinds")
    plain = {
        "Bool": (True, ua.VariantType.Boolean),
        "Int64": (-(2**40), ua.VariantType.Int64),
        "Byte": (200, ua.VariantType.Byte),
        "Float": (1.5, ua.VariantType.Float),
        "Text": ("Größe 7", ua.VariantType.String),
        "Time": (datetime(2026, 3, 4, 5, 6, 7, 250000, tzinfo=UTC), ua.VariantType.DateTime),
        "Array": ([1.0, 2.0, 3.0], ua.VariantType.Double),
        "Texts": (["a", "b"], ua.VariantType.String),
        "Label": (ua.LocalizedText("ready", "en"), ua.VariantType.LocalizedText),
        "Bytes": (b"\x01\xff", ua.VariantType.ByteString),
    }
    for name, (value, kind) in plain.items():
        await folder.add_variable(space, name, ua.Variant(value, kind))
    matrix = ua.Variant([[1, 2, 3], [4, 5, 6]], ua.VariantType.Int32)
    await folder.add_variable(space, "Matrix", matrix)
    temperature = await folder.add_variable(space, "Temperature", 21.5)
    await temperature.write_attribute(
        ua.AttributeIds.Description,
        ua.DataValue(ua.Variant(ua.LocalizedText("of the oil"), ua.VariantType.LocalizedText)),
    )
    unit = ua.EUInformation(
        "http://www.opcfoundation.org/UA/units/un/cefact",
        4408652,
        ua.LocalizedText("°C"),
        ua.LocalizedText("degree Celsius"),
    )
    await temperature.add_property(0, "EngineeringUnits", unit)
    await temperature.add_property(0, "EURange", ua.Range(-40.0, 120.0))
    from asyncua.common.structures104 import new_enum, new_struct, new_struct_field

    mode = await new_enum(server, space, "Mode", ["Off", "Manual", "Auto"])
    point, _ = await new_struct(
        server,
        space,
        "Place",
        [new_struct_field("X", ua.VariantType.Double), new_struct_field("Y", ua.VariantType.Double)],
    )
    robot, _ = await new_struct(
        server, space, "Robot",
        [
            new_struct_field("Name", ua.VariantType.String),
            new_struct_field("At", point),
            new_struct_field("Load", ua.VariantType.Float, optional=True),
            new_struct_field("Axes", ua.VariantType.Double, array=True),
        ],
    )  # fmt: skip
    await server.load_data_type_definitions()
    state = ua.Variant(2, ua.VariantType.Int32)
    await folder.add_variable(space, "State", state, datatype=mode.nodeid)
    value = ua.Robot()
    value.Name, value.At, value.Load, value.Axes = "R1", ua.Place(), None, [0.5, 0.25]
    value.At.X, value.At.Y = 3.0, 4.0
    await folder.add_variable(space, "Robot", ua.Variant(value, ua.VariantType.ExtensionObject), datatype=robot.nodeid)
    bad = await folder.add_variable(space, "Broken", 1.0)
    await bad.write_value(ua.DataValue(ua.Variant(1.0), StatusCode=ua.StatusCode(ua.StatusCodes.BadSensorFailure)))
    limit = await folder.add_variable(space, "AtLimit", 1.0)
    await limit.write_value(ua.DataValue(ua.Variant(9.0), StatusCode=ua.StatusCode(0x40930600)))


async def main() -> None:
    server, space = await build()
    line = await server.nodes.objects.add_folder(space, "Line1")
    counter = await line.add_variable(ua.NodeId(1001, space), "Counter", ua.Variant(-1.0))
    many = [await line.add_variable(space, f"V{i}", 0.0) for i in range(OPTIONS.get("many", 0))]
    if OPTIONS.get("kinds"):
        await kinds(server, line, space)
    kept = Path(OPTIONS["kept"]) if OPTIONS.get("kept") else None
    count = int(kept.read_text()) if kept and kept.exists() else 0
    async with server:
        if OPTIONS.get("history"):
            await server.historize_node_data_change(counter, period=None, count=0)
        print("ready", flush=True)
        every = OPTIONS.get("every_ms", 100) / 1000
        following = time.monotonic()
        while True:
            following += every
            await asyncio.sleep(max(following - time.monotonic(), 0))
            if every and count < OPTIONS.get("last", 10**9):
                now = datetime.now(UTC)
                await counter.write_value(
                    ua.DataValue(ua.Variant(float(count)), SourceTimestamp=now, ServerTimestamp=now)
                )
                for node in many:
                    await server.write_attribute_value(
                        node.nodeid, ua.DataValue(ua.Variant(float(count)), SourceTimestamp=now, ServerTimestamp=now)
                    )
                count += 1
                if kept:  # whole or not at all: a test kills us at any time
                    written = kept.with_suffix(".new")
                    written.write_text(str(count))
                    written.replace(kept)


asyncio.run(main())
