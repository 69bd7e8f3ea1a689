"""Modbus/TCP: the register protocol of PLCs, drives, meters and gateways.

Source: MODBUS Messaging on TCP/IP Implementation Guide V1.0b; MODBUS Application Protocol Specification V1.1b3.
An ADU is the 7-byte MBAP header (transaction, protocol 0, length, unit) and a PDU whose first byte is the function
code; a response with bit 0x80 is an exception. Function 0x5A is Schneider's UMAS (`_shared/umas.py`), which programs
Modicon controllers: there `function` is the UMAS code's name, and messages may be longer than Modbus allows.
"""

from __future__ import annotations

from collections.abc import Iterator

from linewarden.protocols._shared import umas
from linewarden.protocols._shared.layout import (
    U8,
    U16,
    Check,
    Col,
    Do,
    DstPort,
    F,
    Has,
    Hint,
    If,
    IsResponse,
    Length,
    Let,
    On,
    OnPort,
    Protocol,
    Recall,
    Rich,
    Role,
    Size,
    Skip,
    SrcPort,
    Switch,
    Values,
    both,
    either,
)
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Identity, Verb

FUNCTIONS = {
    1: "read_coils",
    2: "read_discrete_inputs",
    3: "read_holding_registers",
    4: "read_input_registers",
    5: "write_single_coil",
    6: "write_single_register",
    7: "read_exception_status",
    8: "diagnostics",
    11: "get_comm_event_counter",
    12: "get_comm_event_log",
    15: "write_multiple_coils",
    16: "write_multiple_registers",
    17: "report_server_id",
    20: "read_file_record",
    21: "write_file_record",
    22: "mask_write_register",
    23: "read_write_multiple_registers",
    24: "read_fifo_queue",
    43: "encapsulated_interface_transport",
    90: "unity_schneider",
}
"""90 is what is left where a UMAS message does not tell its code: an answer whose request was not seen."""
EXCEPTIONS = {
    1: "illegal_function",
    2: "illegal_data_address",
    3: "illegal_data_value",
    4: "server_device_failure",
    5: "acknowledge",
    6: "server_device_busy",
    7: "negative_acknowledge",
    8: "memory_parity_error",
    10: "gateway_path_unavailable",
    11: "gateway_target_failed_to_respond",
}
DIAGNOSTICS = {
    0: "return_query_data",
    1: "restart_communications",
    2: "return_diagnostic_register",
    3: "change_ascii_delimiter",
    4: "force_listen_only_mode",
    10: "clear_counters",
}
ID_OBJECTS = {0: "vendor", 1: "order_number", 2: "firmware", 3: "description", 4: "model", 5: "name"}
"""Read Device Identification objects (V1.1b3, 6.21): vendor name, product code, revision, URL, product name, model."""


def _read(area: str, kind: str) -> tuple[list, list]:  # type: ignore[type-arg]
    request = [Do(Verb.READ, area), U16("start"), U16("count")]
    # A response carries its byte count; bits are padded to whole bytes, so the request's count trims them.
    length: list[object] = [Do(Verb.READ, area), U8("bytes", label="byte count")]
    if kind == "bit":
        length += [If(both(F("count").ne(0), F("count") <= F("bytes") * 8), [Values("bit", F("count"))],
                      [Values("bit", F("bytes") * 8)])]
    else:
        length += [Values(kind, F("bytes") // 2)]
    return request, length


_COILS, _DISCRETE = _read("coil", "bit"), _read("discrete_input", "bit")
_HOLDING, _INPUT = _read("holding_register", "u16"), _read("input_register", "u16")

_REQUEST = Switch("func", {
    1: _COILS[0], 2: _DISCRETE[0], 3: _HOLDING[0], 4: _INPUT[0],
    5: [Do(Verb.WRITE, "coil"), U16("start"), Let("count", 1), U16("raw"), Let("value", F("raw").ne(0))],
    6: [Do(Verb.WRITE, "holding_register"), U16("start"), Let("count", 1), U16("value")],
    7: [Do(Verb.DIAGNOSE)],
    8: [Do(Verb.DIAGNOSE), U16("subfunction"), Switch("subfunction", {
        1: [Do(Verb.RESTART)], 4: [Do(Verb.INHIBIT)], 10: [Do(Verb.CONFIGURE)]})],
    (11, 12): [Do(Verb.DIAGNOSE)],
    15: [Do(Verb.WRITE, "coil"), U16("start"), U16("count"), U8(label="byte count"), Values("bit", F("count"))],
    16: [Do(Verb.WRITE, "holding_register"), U16("start"), U16("count"), U8(label="byte count"),
          Values("u16", F("count"))],
    17: [Do(Verb.DIAGNOSE)],
    20: [Do(Verb.READ, "file_record")],
    21: [Do(Verb.WRITE, "file_record")],
    22: [Do(Verb.WRITE, "holding_register"), U16("start"), Let("count", 1)],
    23: [Do(Verb.WRITE, "holding_register"), Skip(4, "address to read:2, quantity to read:2"), U16("start"),
          U16("count"),
         U8(label="byte count"), Values("u16", F("count"))],
    24: [Do(Verb.READ, "fifo_queue"), U16("start")],
    43: [Do(Verb.DIAGNOSE), U8("mei")],
    90: umas.REQUEST,
})
_RESPONSE = Switch("func", {
    1: _COILS[1], 2: _DISCRETE[1], 3: _HOLDING[1], 4: _INPUT[1],
    8: [U16("subfunction")],
    17: [Skip(1, "byte count"), Rich("server_id")],
    43: [U8("mei"), If(F("mei").eq(14), [Rich("device_id")])],
    90: umas.RESPONSE,
})

_ASKED = [Recall(), If(Has("fn").eq(0), [Let("fn", F("func"))])]
"""What the request told; an answer whose request was not seen tells the function's name at least."""

_LONGEST = 260
"""Unit identifier, function code and data, at most: the rules allow 254, some devices add a little."""

_SHAPE = [
    U16(), U16("proto"), U16("length"), U8(), U8("func"), Let("base", F("func") & 0x7F),
    Check(F("proto").eq(0)),
    Check(both(F("base") >= 1, F("length") >= 2)),
    Check(either(F("length") <= _LONGEST, F("func").eq(90))),
    # Some servers pad an exception.
    If(F("func") >= 0x80, [Check(either(F("length").eq(3), both(OnPort(), F("length") <= 6))), Hint("response")], [
        Switch("base", {
            # A read request is exactly six bytes long; a response tells its own length.
            (1, 2, 3, 4): [U8("hi"), Let("reply", F("hi").eq(F("length") - 3)), If(F("length").eq(6), [
                If(F("reply").eq(0), [Hint("request")])], [Check(F("reply")), Hint("response")])],
            (5, 6): [Check(F("length").eq(6))],
            (15, 16): [If(F("length").eq(6), [Hint("response")], [
                Skip(4), U8("n"), Check(F("n").eq(F("length") - 7)), Hint("request")])],
        }, [Check(either(OnPort(), F("base").among(*FUNCTIONS)))]),
    ]),
]


def device_id(message: Message) -> Iterator[Record]:
    """Read Device Identification response (function 43, MEI 14): numbered text objects."""
    data = message.data
    count, at, said = data[4], 5, {}
    for _ in range(count):
        kind, length = data[at], data[at + 1]
        text = data[at + 2 : at + 2 + length].decode("utf-8", "replace").strip("\x00 ")
        if kind in ID_OBJECTS and text:
            said[ID_OBJECTS[kind]] = text
        at += 2 + length
    if said:
        yield Identity(address=message.src, protocol="modbus", evidence="device identification", **said)


def server_id(message: Message) -> Iterator[Record]:
    """Report Server ID response (function 17): the printable part of what the maker put there."""
    words = "".join(chr(b) if 32 <= b < 127 else " " for b in message.data).split()
    if text := " ".join(w for w in words if len(w) > 1):
        yield Identity(address=message.src, protocol="modbus", evidence="report server id", description=text)


_PORT = 502

PROTOCOL = Protocol(
    name="modbus",
    title="Modbus/TCP",
    reference="MODBUS Application Protocol Specification V1.1b3",
    on=(On("tcp", (_PORT,)), On("udp", (_PORT,))),
    framing=Length(header=6, at=4, width=2, add=6, min=8, max=2048, magic=(2, b"\x00\x00")),
    probe=_SHAPE,
    confirm=2,
    main=[
        U16("tid"), Skip(4, "protocol identifier:2, length:2"), U8("unit"),
        U8("code", label="function code"), Let("func", F("code") & 0x7F),
        Check(either(Size() <= _LONGEST + 6, F("code").eq(90))),
        # The server sits on the port, whoever opened the connection; and an exception is an answer on any port.
        If(SrcPort().ne(DstPort()), [
            If(SrcPort().eq(_PORT), [Role("response")], [If(DstPort().eq(_PORT), [Role("request")])])]),
        If(F("code") >= 0x80, [Role("response"), *_ASKED, U8("exception"), Let("status", F("exception"))], [
            If(IsResponse(), [*_ASKED, _RESPONSE], [Let("fn", F("func")), _REQUEST])]),
    ],
    pair=("tid", "unit", "func"),
    columns=(
        Col("tid", "u16", "transaction identifier"),
        Col("unit", "u8", "unit identifier"),
        Col("func", "u8", "function code"),
        Col("function", "str", "its name", source="fn", names={**FUNCTIONS, **umas.FUNCTIONS}),
        Col("subfunction", "u16", "diagnostics sub-function"),
        Col("mei", "u8", "encapsulated interface type"),
        Col("address", "u16", "first register or bit", source="start"),
        Col("quantity", "u16", "registers or bits", source="count"),
        Col("exception", "u8", "exception code of the answer"),
        Col("exception_name", "str", "its name", source="exception", names=EXCEPTIONS),
        *umas.COLUMNS,
    ),
    function="function",
    status="status",
    statuses={**EXCEPTIONS, umas.REFUSED: "umas_refused"},
    point="owner",
    programs={"umas_part": umas.PART},
    rich={"device_id": device_id, "server_id": server_id, **umas.RICH},
)
