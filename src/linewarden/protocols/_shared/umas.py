"""UMAS: how Schneider's Modicon controllers are programmed, started and stopped, inside Modbus function 0x5A.

Source: no public specification. Numbers, names and layouts are those that researchers published: the blog
"The Unity (UMAS) protocol", parts I to VI (lirasenlared, 2017-2018), Kaspersky ICS CERT, "The secrets of Schneider
Electric's UMAS protocol" (2022), Zaltzman and Wool, "From Pass-the-Hash to Code Execution on Schneider Electric M340
PLCs" (Black Hat Europe 2024) for signed messages and the codes above 0x20, Apache PLC4X for the answer to read id, and
Digital Bond's modicon-info for the project; checked against traffic of a Quantum 140 CPU 311 10.

A message is a session key (0 while nobody has reserved the controller), a code, and arguments, little-endian. An
answer has 0xFE (done) or 0xFD (refused) for the code, so only its request tells what it answers. Once there is a
password, what changes something is wrapped: code 0x38, 1, a signature of 32 bytes, and the message again from 0x5A on.

Beware of the published names: in `upload` the station loads *up* to the controller (0x30 to 0x32), and `download` is
the way back (0x33 to 0x35). The verbs say it as everywhere here: `program_download` goes into the controller.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Identity, Transfer, Verb

UMAS = 0x5A00
"""Added to a code, to name it apart from the functions of Modbus."""
REFUSED = 0x5AFD
"""The status of an answer 0xFD: what stands behind it is not public."""

_DONE, _REFUSED, _SIGNED = 0xFE, 0xFD, 0x38
_SIGNATURE = 32

CODES = {
    0x01: "init_comm", 0x02: "read_id", 0x03: "read_project_info", 0x04: "read_plc_info", 0x05: "read_loader_info",
    0x06: "read_card_info", 0x07: "read_block_info", 0x0A: "repeat", 0x10: "take_reservation",
    0x11: "release_reservation", 0x12: "keep_alive", 0x20: "read_memory_block", 0x21: "write_memory_block",
    0x22: "read_variables", 0x23: "write_variables", 0x24: "read_coils_registers", 0x25: "write_coils_registers",
    0x26: "data_dictionary", 0x27: "data_dictionary_preload", 0x28: "read_physical_address",
    0x29: "write_physical_address", 0x2A: "browse_events", 0x30: "initialize_upload", 0x31: "upload_block",
    0x32: "end_upload", 0x33: "initialize_download", 0x34: "download_block", 0x35: "end_download", 0x36: "backup",
    0x37: "preload_blocks", 0x38: "signed", 0x39: "read_eth_master_data", 0x40: "start_plc", 0x41: "stop_plc",
    0x42: "init_plc", 0x43: "swap", 0x50: "monitor_plc", 0x51: "get_auto_modif", 0x52: "get_forced_bits",
    0x53: "get_selected_blocks", 0x58: "check_plc", 0x60: "set_breakpoint", 0x61: "delete_breakpoint",
    0x62: "step_over", 0x63: "step_in", 0x64: "step_out", 0x65: "get_call_stack", 0x66: "check_debug_allowed",
    0x6C: "process_msg", 0x6D: "private", 0x6E: "reservation_nonces", 0x70: "read_io_object", 0x71: "write_io_object",
    0x72: "read_rack", 0x73: "get_status_module", 0x74: "read_device_data",
}  # fmt: skip
FUNCTIONS = {code + UMAS: f"umas_{name}" for code, name in CODES.items()}

_VERBS: dict[int | tuple[int, ...] | range, l.Ops] = {
    (*range(0x01, 0x08), 0x0A, 0x12, 0x39, 0x51, 0x52, 0x53, 0x58, 0x65, 0x66, 0x72, 0x73, 0x74): [l.Do(Verb.DIAGNOSE)],
    # Who has the reservation may program; with a password, nonces are exchanged first.
    (0x10, 0x6E): [l.Do(Verb.AUTHENTICATE, "reservation")],
    0x11: [l.Do(Verb.DIAGNOSE, "reservation")],
    0x20: [l.Do(Verb.READ)],
    0x21: [l.Do(Verb.WRITE)],
    0x22: [l.Do(Verb.READ, "variables")],
    0x23: [l.Do(Verb.WRITE, "variables")],
    0x24: [l.Do(Verb.READ, "coils_registers")],
    0x25: [l.Do(Verb.WRITE, "coils_registers")],
    (0x26, 0x27): [l.Do(Verb.BROWSE, "variables")],
    0x28: [l.Do(Verb.READ, "physical_memory")],
    0x29: [l.Do(Verb.WRITE, "physical_memory")],
    0x2A: [l.Do(Verb.BROWSE, "events")],
    (0x30, 0x31, 0x32, 0x37): [l.Do(Verb.PROGRAM_DOWNLOAD, "project")],
    (0x33, 0x34, 0x35): [l.Do(Verb.PROGRAM_UPLOAD, "project")],
    0x40: [l.Do(Verb.START)],
    0x41: [l.Do(Verb.STOP)],
    # All variables get their first values again.
    0x42: [l.Do(Verb.RESTART, "init")],
    0x43: [l.Do(Verb.SET_MODE, "hot_standby")],
    0x50: [l.Do(Verb.SUBSCRIBE, "variables")],
    (0x60, 0x61, 0x62, 0x63, 0x64): [l.Do(Verb.SET_MODE, "breakpoint")],
    0x70: [l.Do(Verb.READ, "io_object")],
    0x71: [l.Do(Verb.WRITE, "io_object")],
}


def _le(slot: str) -> l.Int:
    return l.U16(slot, le=True)


def _gather(first: l.Expr, last: l.Expr) -> l.Ops:
    return [l.Gather([l.Rich("umas_program", repeat=True)], first=first, last=last, key=l.F("umas_way"))]


_BLOCK: l.Ops = [l.Area(l.F("umas_block"), template="block{}")]

_ARGUMENTS: dict[int | tuple[int, ...] | range, l.Ops] = {
    # Two words, then the name of the station that reserves.
    0x10: [l.Skip(4), l.U8("n"), l.Bytes("owner", l.F("n"))],
    # To write is taken to be laid out as to read is; nobody has published it.
    (0x20, 0x21): [
        l.Skip(1), _le("umas_block"), _le("start"), l.Skip(2), _le("count"), *_BLOCK],
    # A checksum over the project, how many, and the first: kind and size, block, offsets.
    (0x22, 0x23): [l.Skip(4), l.U8("count"), l.If(l.Left() >= 3, [l.Skip(1), _le("umas_block"), *_BLOCK])],
    # Rows are first, since a part that is not the last ends the program. The end says that nothing more will come.
    0x31: [l.Skip(2), _le("umas_block"), _le("n"), l.Let("umas_way", 1), l.Row(), l.Within(l.F("n"), [
        l.Call("umas_part")])],
    0x32: [l.Let("umas_way", 1), l.Let("umas_end", 1), l.Row(), l.Within(0, [l.Call("umas_part")])],
    0x34: [l.Skip(2), _le("umas_block")],
}

PART: l.Ops = _gather(l.both(l.F("umas_block").eq(1), l.F("umas_end").eq(0)), l.F("umas_end"))
"""The program `umas_part`: a block on its way into the controller, or the word that this was the last."""

REQUEST: l.Ops = [
    l.U8("umas_session"), l.U8("umas_code"),
    l.If(l.both(l.F("umas_code").eq(_SIGNED), l.Left() >= _SIGNATURE + 4), [
        l.Let("umas_signed", 1), l.Skip(_SIGNATURE + 3), l.U8("umas_code")]),
    l.Let("fn", l.F("umas_code") + UMAS),
    l.Switch("umas_code", _VERBS, [l.Do(Verb.CONFIGURE, "umas")]),
    l.Switch("umas_code", _ARGUMENTS),
    l.If(l.Has("owner"), [l.Rich("umas_owner", hourly=True)]),
]

_SIGNED_ANSWER: l.Ops = [
    # Research shows both 0x38 and 0xFE before the signature.
    l.If(l.both(l.Has("umas_signed"), l.Left() >= _SIGNATURE + 4, l.Peek(1).eq(1),
                l.Peek(1, _SIGNATURE + 1).eq(0x5A)), [
        l.Skip(_SIGNATURE + 3), l.U8("umas_reply")]),
]

_ANSWERS: dict[int | tuple[int, ...] | range, l.Ops] = {
    0x02: [l.Rich("umas_id", hourly=True)],
    0x03: [l.Rich("umas_project", hourly=True)],
    # Whether it is the last, a zero, the length.
    0x34: [l.U8("umas_end"), l.Skip(1), _le("n"), l.Let("umas_way", 2), l.Row(), l.Within(
        l.F("n"), _gather(l.F("umas_block").eq(1), l.F("umas_end")))],
}

RESPONSE: l.Ops = [
    l.Skip(1), l.U8("umas_reply"), *_SIGNED_ANSWER,
    l.If(l.F("umas_reply").eq(_DONE), [l.Switch("umas_code", _ANSWERS)], [
        l.If(l.F("umas_reply").eq(_REFUSED), [l.Let("status", REFUSED)])]),
]

COLUMNS = (
    l.Col("umas_code", "u8", "UMAS code (its name is the function's)"),
    l.Col("umas_session", "u8", "UMAS session key of the request: 0 where no reservation is needed"),
    l.Col("umas_reply", "u8", "UMAS answer: 254 done, 253 refused"),
    l.Col("umas_signed", "bool", "the UMAS request is signed"),
    l.Col("umas_block", "u16", "UMAS block: of memory, of variables, or part of a program"),
    l.Col("umas_owner", "text", "station that reserves the controller, by its name", source="owner", render="text"),
)


def owner(message: Message) -> Iterator[Record]:
    """Who asks for the reservation: Unity and Control Expert give the name of their computer."""
    if name := _text(message.raw("owner")):
        yield Identity(address=message.src, protocol="umas", evidence="reservation", name=name)


def identity(message: Message) -> Iterator[Record]:
    """The answer to read id: range, id, model, version, patch, internal version, hardware, crash code, a word, name.
    The version is binary coded decimal (0x0270 is 2.70)."""
    data = message.data
    model = _text(data[23 : 23 + data[22]])
    if not model:
        return
    version, hardware = (int.from_bytes(data[at : at + 2], "little") for at in (8, 14))
    yield Identity(address=message.src, protocol="umas", evidence="read id", vendor="Schneider Electric", model=model,
                   firmware=f"{version >> 8:x}.{version & 0xFF:02x}", hardware=str(hardware) if hardware else None,
                   role="controller")


def project(message: Message) -> Iterator[Record]:
    """The answer to read project info: ids, two times, the revision (smallest part first), a name and its length."""
    data = message.data
    if len(data) < 40 or len(data) != 39 + data[38]:
        return
    if name := _text(data[39:]):
        revision = ".".join(str(part) for part in reversed(data[34:37]))
        yield Identity(address=message.src, protocol="umas", evidence="project info", vendor="Schneider Electric",
                       description=f"project {name} {revision}", role="controller")


def program(message: Message) -> Iterator[Record]:
    """A project in full, as it was sent (an APX file)."""
    way = "download" if message.number("umas_way") == 1 else "upload"
    yield Transfer(protocol="umas", kind="program", direction=way, name="project", bytes=len(message.data), whole=True,
                   sha256=sha256(message.data).hexdigest())


def _text(data: bytes) -> str:
    text = data.split(b"\0")[0].decode("latin-1").strip()
    return text if text.isprintable() else ""


RICH = {"umas_owner": owner, "umas_id": identity, "umas_project": project, "umas_program": program}
