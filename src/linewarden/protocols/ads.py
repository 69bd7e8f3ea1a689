"""ADS: how Beckhoff controllers (TwinCAT) are read, written, started and stopped.

Source: Beckhoff Information System, "ADS specification" (AMS/TCP and AMS headers, commands, return codes). AMS/TCP is a
reserved zero, a length, then the AMS header: target and source (six-byte net id, port), command, state flags (bit 0:
response), length of the data, error, invoke id. All little-endian. What a write means depends on its index group.
"""

from __future__ import annotations

from collections.abc import Iterator

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Identity, Verb

COMMANDS = {
    1: "read_device_info",
    2: "read",
    3: "write",
    4: "read_state",
    5: "write_control",
    6: "add_notification",
    7: "delete_notification",
    8: "notification",
    9: "read_write",
}

STATES = {
    0: "invalid", 1: "idle", 2: "reset", 3: "init", 4: "start", 5: "run", 6: "stop", 7: "save_config",
    8: "load_config", 9: "power_failure", 10: "power_good", 11: "error", 12: "shutdown", 13: "suspend", 14: "resume",
    15: "config", 16: "reconfig",
}  # fmt: skip
"""ADS states."""

GROUPS = {
    0x4020: "memory", 0x4021: "memory.bit", 0x4040: "data", 0xF003: "handle_by_name", 0xF004: "value_by_name",
    0xF005: "value_by_handle", 0xF006: "release_handle", 0xF007: "info_by_name", 0xF009: "info_by_name_ex",
    0xF00B: "symbol_upload", 0xF00F: "symbol_upload_info", 0xF020: "input", 0xF021: "input.bit", 0xF030: "output",
    0xF031: "output.bit", 0xF080: "sum_read", 0xF081: "sum_write", 0xF082: "sum_read_write",
    0xF085: "sum_add_notification", 0xF086: "sum_delete_notification",
}  # fmt: skip
"""Index groups that TwinCAT keeps for the system."""

ERRORS = {
    0x006: "target_port_not_found", 0x007: "target_machine_not_found", 0x701: "service_not_supported",
    0x702: "invalid_index_group", 0x703: "invalid_index_offset", 0x704: "access_not_permitted",
    0x705: "invalid_size", 0x706: "invalid_data", 0x707: "not_ready", 0x708: "busy", 0x710: "symbol_not_found",
    0x711: "symbol_version_invalid", 0x712: "invalid_state", 0x714: "notification_handle_invalid",
    0x745: "timeout", 0x749: "timeout",
}  # fmt: skip
"""Return codes."""

_WHERE: l.Ops = [
    l.U32("group"), l.U32("offset"), l.U32("count"), l.Let("start", l.F("offset")),
    l.Area(l.F("group"), names=GROUPS, template="group {}"),
]

_NAME: l.Ops = [l.Bytes("symbol", l.F("written"))]

_REQUEST: l.Ops = [
    l.Role("request"), l.Let("command", l.F("fn")),
    l.Switch("fn", {
        1: [l.Do(Verb.DIAGNOSE)],
        2: [l.Do(Verb.READ), *_WHERE],
        3: [l.Do(Verb.WRITE), *_WHERE, l.If(l.F("group").eq(0xF006), [l.Do(None)])],
        4: [l.Do(Verb.DIAGNOSE)],
        5: [l.U16("state"), l.U16("device_state"), l.Area(l.F("state"), names=STATES),
            l.Switch("state", {5: [l.Do(Verb.START)], 6: [l.Do(Verb.STOP)], (2, 12): [l.Do(Verb.RESTART)]},
                     [l.Do(Verb.SET_MODE)])],
        6: [l.Do(Verb.SUBSCRIBE), *_WHERE],
        7: [l.Do(Verb.SUBSCRIBE)],
        # Handles, and values and types by name, are asked for by writing the name.
        9: [*_WHERE, l.U32("written"), l.Switch("group", {
            (0xF003, 0xF004): [l.Do(Verb.READ), *_NAME],
            (0xF007, 0xF009): [l.Do(Verb.BROWSE), *_NAME],
            (0xF080, 0xF082): [l.Do(Verb.READ)],
            (0xF085, 0xF086): [l.Do(Verb.SUBSCRIBE)],
        # Groups below 0x1000 are services of whoever listens at the port; to call them is no write of a value.
        }, [l.If(l.either(l.F("group") < 0x1000, l.F("written").eq(0)), [l.Do(Verb.DIAGNOSE)], [l.Do(Verb.WRITE)])])],
    }),
]

_RESPONSE: l.Ops = [
    l.Role("response"), l.Let("reply", l.F("fn")),
    l.If(l.F("ams_error"), [l.Let("error", l.F("ams_error"))], [
        l.If(l.Left() >= 4, [l.U32("error")]),
        l.If(l.F("error").eq(0), [l.Switch("fn", {
            1: [l.Rich("device_info")],
            4: [l.U16("state"), l.U16("device_state")],
        })]),
    ]),
]


def device_info(message: Message) -> Iterator[Record]:
    """The answer to ReadDeviceInfo: major and minor version, build, name of 16 characters."""
    major, minor = message.data[0], message.data[1]
    build = int.from_bytes(message.data[2:4], "little")
    name = message.data[4:20].split(b"\0")[0].decode("latin-1").strip()
    yield Identity(address=message.src, protocol="ads", evidence="read device info", vendor="Beckhoff",
                   software=f"{name} {major}.{minor}.{build}".strip(), role="controller")


PROTOCOL = l.Protocol(
    name="ads",
    title="ADS (Beckhoff TwinCAT)",
    reference="Beckhoff Information System, ADS specification",
    on=(l.On("tcp", (48898,)),),
    endian="little",
    framing=l.Length(header=6, at=2, width=4, add=6, le=True, min=38, max=1 << 20, magic=(0, b"\0\0")),
    probe=[
        l.U16("zero"), l.U32("length"), l.Check(l.F("zero").eq(0)), l.Check(l.F("length") >= 32),
        l.Skip(16), l.U16("fn"), l.U16("flags"), l.U32("data"),
        l.Check(l.F("fn").among(*COMMANDS)), l.Check((l.F("flags") & 0xFFBE).eq(4)),
        l.Check((l.F("data") + 32).eq(l.F("length"))),
        l.If(l.F("flags") & 1, [l.Hint("response")], [l.If(l.F("fn").ne(8), [l.Hint("request")])]),
    ],
    main=[
        l.Skip(6, "reserved:2, length:4"), l.Bytes("target", 6), l.U16("target_port"), l.Bytes("source", 6),
        l.U16("source_port"),
        l.U16("fn"), l.U16("flags", label="state flags"), l.Skip(4, "data length"), l.U32("ams_error"), l.U32("invoke"),
        l.If(l.F("flags") & 1, _RESPONSE, [
            l.If(l.F("fn").eq(8), [l.Role("report"), l.Let("command", 8)], _REQUEST)]),
    ],
    pair=("invoke", "fn"),
    columns=(
        l.Col("command", "u16", "command of the request (or of a notification)"),
        l.Col("reply", "u16", "command of the answer"),
        l.Col("command_name", "str", "its name", source="fn", names=COMMANDS),
        l.Col("invoke_id", "u32", "ties the answer to its request", source="invoke"),
        l.Col("target_net_id", "text", "AMS net id of the receiver, six bytes", source="target", render="hex"),
        l.Col("target_port", "u16", "AMS port of the receiver: 851 the first PLC, 10000 the system"),
        l.Col("source_net_id", "text", "AMS net id of the sender, six bytes", source="source", render="hex"),
        l.Col("source_port", "u16", "AMS port of the sender"),
        l.Col("index_group", "u32", "index group", source="group"),
        l.Col("index_group_name", "str", "its name", source="group", names=GROUPS, fallback="hex8"),
        l.Col("index_offset", "u32", "index offset, or a variable's handle", source="offset"),
        l.Col("length", "u32", "bytes to be read or written", source="count", unit="B"),
        l.Col("symbol", "text", "variable by name", render="text"),
        l.Col("state", "str", "ADS state asked for or told", names=STATES),
        l.Col("error", "u32", "return code of the answer"),
        l.Col("error_name", "str", "its name", source="error", names={0: "no_error", **ERRORS}, fallback="hex4"),
    ),
    function="command_name",
    point="symbol",
    status="error",
    statuses=ERRORS,
    rich={"device_info": device_info},
)
