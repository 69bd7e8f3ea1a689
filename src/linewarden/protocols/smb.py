"""SMB 1, 2 and 3 over TCP port 445, and over the NetBIOS session service on port 139.

Source: RFC 1002 4.3 (session service: type, length), [MS-CIFS] 2.2.3 (SMB 1 header, parameters, AndX chains),
[MS-SMB2] 2.2 (SMB 2 and 3), [MS-NLMP] (who logs on, here or in a remote call that a pipe carries). One row a command:
the commands of an SMB 1 AndX chain and of an SMB 2 compound each have their own. Encrypted messages (SMB 3) are noted
once a direction. Columns follow Zeek's smb_cmd.log. Old hosts that speak SMB 1 only are common in plants, and a way in.
"""

from __future__ import annotations

from collections.abc import Iterator

from linewarden.protocols._shared import (
    dcerpc as rpc,
    dcerpc_ops as ops,
    it_smb as smb,
    layout as l,
    ntlm,
    smb_files as files,
)
from linewarden.protocols._shared.it_dns import netbios_name
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Identity, Verb

_SMB1, _SMB2, _ENCRYPTED, _COMPRESSED = 0xFF534D42, 0xFE534D42, 0xFD534D42, 0xFC534D42
_ANDX = (0x24, 0x2D, 0x2E, 0x2F, 0x73, 0x74, 0x75, 0xA2)
_NONE = 0xFF
_UNICODE = 0x8000
_OF_COMMAND = ("command", "andx", "reply", "reply_andx", "command2", "reply2", "func", "path", "name", "path_oem",
               "name_oem", "dialect", "security_mode", "session_flags", "failed",
               "subcommand", "total", *files.SLOTS)
"""Slots of one command, forgotten before the next."""

_FAILED: l.Ops = [
    # Severity "error", but a logon that needs another round has not failed.
    l.If(l.both((l.F("status") >> 30).eq(3), l.F("status").ne(smb.MORE_PROCESSING)),
         [l.Let("failed", l.F("status"))]),
]

_LOGON: l.Ops = [
    l.If(l.IsResponse(), [l.Recall(), l.If(l.F("status").eq(smb.MORE_PROCESSING), [l.Do(None)])],
         [l.Do(Verb.AUTHENTICATE, "smb")]),
]


def _wide(slot: str, size: l.Value) -> l.Ops:
    """A text of so many bytes: UTF-16 (aligned to the header) or OEM, each in a slot of its own."""
    return [l.If(l.F("flags2") & _UNICODE, [l.Skip(l.Pos() % 2), l.Bytes(slot, size)], [l.Bytes(slot + "_oem", size)])]


def _ended(slot: str) -> l.Ops:
    """A text that ends with a zero character; the last one's high byte is zero too, as in any Latin text."""
    return [l.If(l.F("flags2") & _UNICODE, [
        l.Skip(l.Pos() % 2), l.Let("offset", l.Pos()), l.Until(None, b"\0\0\0"),
        l.Let("length", l.Pos() - 2 - l.F("offset")),
        l.Seek(l.F("offset")), l.Bytes(slot, l.F("length")), l.Skip(2)],
        [l.Until(slot + "_oem", b"\0")])]


def _carried(size: int, *fields: l.Op) -> l.Ops:
    """Data of a file or pipe: `fields` of so many bytes say where. In a pipe it may be a remote call with a logon."""
    return [l.If(l.Left() >= size, [*fields, l.If(l.F("offset") < l.Size(), [
        l.At(l.F("offset"), rpc.in_pipe("logon", l.Call("rpc")), size=l.F("length"))])])]


def _carried1(words: int, before: int) -> l.Ops:
    """SMB 1: a length and an offset after so many bytes, where there are so many parameter words."""
    return [l.If(l.F("words") >= words, _carried(before + 4, l.Skip(before), l.U16("length"), l.U16("offset")))]


_SMB1_BODY = l.Switch("current", {
    # Transactions, what is read, what is written ([MS-CIFS] 2.2.4.33, 2.2.4.42, 2.2.4.43).
    0x25: [l.If(l.IsResponse(), _carried1(10, 12),
                [l.Let("file_id", l.Peek(2, 30)), *_carried1(14, 22)])],
    0x2E: [l.If(l.IsResponse(), [l.Let("bytes", l.Peek(2, 6)), *_carried1(12, 6)], [l.Let("file_id", l.Peek(2))])],
    # One name, or an old and a new one, each after a 4 ([MS-CIFS] 2.2.4.1, 2.2.4.2, 2.2.4.7, 2.2.4.8).
    (0x00, 0x01, 0x06, 0x07): [l.If(l.IsResponse().eq(0), [
        l.Do(Verb.WRITE, "file"), l.Skip(l.F("words") * 2 + 3), *_ended("name"),
        l.If(l.F("current").eq(0x07), [l.Do(Verb.WRITE, "file rename"), l.Skip(1), *_ended("new_name")]),
        l.If(l.F("current").eq(0x06), [l.Do(Verb.WRITE, "file delete"), l.Let("delete", 1)])])],
    # Transactions of the other kinds: what is asked, and how much is announced ([MS-CIFS] 2.2.4.46, 2.2.4.62).
    0x32: [l.If(l.both(l.IsResponse().eq(0), l.F("words") >= 15), [
        l.Let("total", l.Peek(2, 2)), l.Let("subcommand", l.Peek(2, 28) + smb.TRANS2)])],
    0x33: [l.If(l.F("words") >= 8, [l.Let("total", l.Peek(2, 2))])],
    0xA0: [l.If(l.both(l.IsResponse().eq(0), l.F("words") >= 19), [
        l.Let("total", l.Peek(4, 7)), l.Let("subcommand", l.Peek(2, 36) + smb.NT_TRANSACT)])],
    0xA1: [l.If(l.F("words") >= 18, [l.Let("total", l.Peek(4, 7))])],
    0x2F: [l.If(l.IsResponse().eq(0), [
        l.Let("file_id", l.Peek(2)), l.Let("bytes", l.Peek(2, 16)), *_carried1(12, 16)])],
    0x72: [l.If(l.IsResponse(), [
        l.If(l.F("words").eq(17), [l.Skip(2), l.U8("security_mode"), l.Let("dialect", smb.NT_LM),
                                   l.At(0, [l.Rich("negotiated")])]),
        l.If(l.F("words").eq(13), [l.Skip(2), l.U8("security_mode"), l.Let("dialect", smb.LANMAN)])])],
    0x73: [*_LOGON, l.If(l.F("words") >= 3, [l.At(0, [l.Rich("session_setup")])])],
    0x75: [l.If(l.both(l.IsResponse().eq(0), l.F("words").eq(4)), [
        l.Skip(2), l.U16("length"), l.Skip(2), l.Skip(l.F("length")), *_ended("path")])],
    0xA2: [l.If(l.both(l.IsResponse().eq(0), l.F("words").eq(24)), [
        l.Skip(1), l.U16("length"), l.Let("access", l.Peek(4, 8)), l.Let("disposition", l.Peek(4, 28)),
        l.If(l.Peek(4, 32) & 0x1000, [l.Let("delete", 1)]),
        l.Seek(l.F("at") + 50), *_wide("name", l.F("length"))]),
        l.If(l.both(l.IsResponse(), l.F("words") >= 34), [
            l.Let("file_id", l.Peek(2, 1)), l.Let("action", l.Peek(4, 3))])],
})

_SMB1_CHAIN: l.Ops = [
    l.Unset(_OF_COMMAND), l.Let("func", l.F("current")), *_FAILED,
    l.If(l.IsResponse(), [l.Let("reply", l.F("current"))], [l.Let("command", l.F("current"))]),
    l.Let("next", _NONE), l.Let("next_at", 0), l.U8("words"), l.Let("at", l.Pos()),
    l.If(l.both(l.F("current").among(*_ANDX), l.F("words") >= 2), [
        l.U8("next"), l.Skip(1), l.U16("next_at"),
        l.If(l.F("next").eq(_NONE), [
            l.If(l.IsResponse(), [l.Let("reply_andx", _NONE)], [l.Let("andx", _NONE)])])]),
    l.Call("smb1_body"),
    l.Row(), l.Do(None),
    l.Let("current", l.F("next")),
    l.Seek(l.F("next_at")),
]

_SMB1_MESSAGE: l.Ops = [
    l.Let("version", 1), l.Skip(4, "protocol identifier"), l.U8("current", label="command"),
    l.U32("status_raw", label="status"), l.U8("flags", label="flags"), l.U16("flags2", label="flags 2"),
    l.Skip(12, "process high:2, signature:8, reserved:2"), l.U16("tree"), l.Skip(4, "process:2, user:2"), l.U16("mid"),
    l.If(l.F("flags") & 0x80, [l.Role("response"), l.Let("status", l.F("status_raw"))], [l.Role("request")]),
    # Secondary parts and cancels have no answer of their own.
    l.If(l.both(l.IsResponse().eq(0), l.F("current").among(0x26, 0x33, 0xA1, 0xA4)), [l.Role("notify")]),
    l.Repeat([l.If(l.both(l.F("current").ne(_NONE), l.either(l.Item().eq(0), l.F("next_at") >= 32)),
                   [l.Call("smb1_chain")])], count=8),
    l.Unset(_OF_COMMAND),
]

_SMB2_BODY = l.Switch("current", {
    0: [l.If(l.IsResponse(), [l.Skip(2), l.U16("security_mode"), l.U16("dialect")])],
    1: [*_LOGON,
        l.If(l.IsResponse(), [l.Skip(2), l.U16("session_flags")], [l.Skip(12)]),
        l.U16("offset"), l.U16("length"),
        l.At(l.F("offset"), [l.Rich("logon")], size=l.F("length"))],
    3: [l.If(l.IsResponse(), files.TREE, [
        l.Skip(4), l.U16("offset"), l.U16("length"), l.At(l.F("offset"), [l.Bytes("path", l.F("length"))])])],
    5: [l.If(l.IsResponse(), files.CREATED, [
        *files.CREATE, l.Skip(44), l.U16("offset"), l.U16("length"),
        l.If(l.F("length"), [l.At(l.F("offset"), [l.Bytes("name", l.F("length"))])])])],
    6: [l.If(l.IsResponse().eq(0), files.CLOSE)],
    # What is read, what is written, and both at once in a pipe ([MS-SMB2] 2.2.20, 2.2.21, 2.2.31, 2.2.32).
    8: [l.If(l.IsResponse(), [*files.GOT, *_carried(8, l.Skip(2), l.U8("offset"), l.Skip(1), l.U32("length"))],
             files.READ)],
    9: [l.If(l.IsResponse().eq(0), [*files.WRITE, *_carried(8, l.Skip(2), l.U16("offset"), l.U32("length"))])],
    11: [l.If(l.IsResponse(), _carried(40, l.Skip(32), l.U32("offset"), l.U32("length")),
              [*files.IOCTL, *_carried(32, l.Skip(24), l.U32("offset"), l.U32("length"))])],
    17: [l.If(l.IsResponse().eq(0), files.SET_INFO)],
})

_SMB2_ONE: l.Ops = [
    l.Unset(_OF_COMMAND), l.Skip(8, "protocol identifier:4, header length:2, credit charge:2"),
    l.U32("status_raw", label="status"), l.U16("current", label="command"), l.Skip(2, "credits"),
    l.U32("flags", label="flags"), l.Skip(4, "next command"), l.U64("mid"), l.Skip(4, "process"), l.U32("tree"),
    l.Skip(24, "session:8, signature:16"), l.Let("func", l.F("current") + smb.SMB2),
    l.If(l.F("flags") & 1, [
        l.Let("status", l.F("status_raw")),
        l.If(l.F("status").eq(smb.PENDING), [
            # An interim answer: the final one follows.
            l.Role("report"), l.Let("command2", l.F("current"))],
            [l.Role("response"), l.Let("reply2", l.F("current")), *_FAILED, l.Recall(), l.Unset(("todo",))])],
        [l.Role("request"), l.Unset(("status",)), l.Let("command2", l.F("current")),
         l.If(l.F("current").eq(12), [l.Role("notify")])]),
    l.Call("smb2_body"), *files.TAKE,
    l.Row(), l.Do(None),
    l.If(l.F("next").eq(0), files.KEEP),
]

_SMB2_MESSAGE: l.Ops = [
    l.Let("version", 2),
    l.Repeat([
        l.If(l.both(l.Left() >= 64, l.Peek(4, le=False).eq(_SMB2)), [
            l.Let("next", l.Peek(4, 20)),
            l.If(l.either(l.F("next") < 64, l.F("next") >= l.Left()), [l.Within(None, [l.Call("smb2")])],
                 [l.Within(l.F("next"), [l.Call("smb2")])])]),
    ], limit=64),
    l.Unset(_OF_COMMAND),
    l.If(l.Item().eq(0), [l.Drop()]),
]


def _noted(kind: int) -> l.Ops:
    """A message that cannot be read: one row a direction of a flow."""
    side = l.FromOrig()
    return [l.If(l.Known("noted", side), [l.Drop()]), l.Remember("noted", 1, side), l.Role("report"),
            l.Let("version", kind), l.Row()]


_PROBE: l.Ops = [
    l.U8("kind"), l.U24("length", le=False),
    l.Switch("kind", {
        0: [
            l.If(l.F("length") < 32, [l.Check(l.OnPort()), l.Later()]),
            l.Switch(l.Peek(4, le=False), {
                _SMB1: [l.Check(l.Peek(1, 9) < 0xFF),
                        l.If(l.Peek(1, 9) & 0x80, [l.Hint("response")], [l.Hint("request")])],
                _SMB2: [l.Check(l.Peek(2, 4).eq(64)),
                        l.If(l.Peek(1, 16) & 1, [l.Hint("response")], [l.Hint("request")])],
                (_ENCRYPTED, _COMPRESSED): [l.Check(l.OnPort())],
            }, [l.Check(l.Size() < 0)])],
        # Session request: two names of 34 octets; then answers.
        0x81: [l.Check(l.both(l.OnPort(), l.F("length").eq(68), l.Peek(1).eq(32))), l.Hint("request")],
        (0x82, 0x83, 0x84): [l.Check(l.both(l.OnPort(), l.F("length") <= 6)), l.Later()],
        0x85: [l.Check(l.both(l.OnPort(), l.F("length").eq(0))), l.Later()],
    }, [l.Check(l.Size() < 0)]),
]


def session_request(message: Message) -> Iterator[Record]:
    """NetBIOS session request (RFC 1002 4.3.2): the second name is the caller's."""
    name, _ = netbios_name(message.data[35:67].decode("latin-1"))
    if name and name.isprintable():
        yield Identity(address=message.src, protocol="smb", evidence="netbios session request", name=name)


PROTOCOL = l.Protocol(
    name="smb",
    title="SMB 1, 2 and 3",
    reference="[MS-CIFS]; [MS-SMB2]; RFC 1002 4.3",
    on=(l.On("tcp", (445, 139)),),
    framing=l.Length(header=4, at=1, width=3, add=4, min=4, max=(1 << 24) + 3, keep=66_560,
                     # Session message, or request, its answers and keep-alive (RFC 1002 4.3.1).
                     magic=(0, b"\x00", b"\x81", b"\x82", b"\x83", b"\x84", b"\x85")),
    endian="little",
    probe=_PROBE,
    main=[
        l.U8("kind"), l.U24("length", le=False),
        l.Switch("kind", {
            0: [l.If(l.Left() >= 32, [l.Within(None, [l.Switch(l.Peek(4, le=False), {
                _SMB1: _SMB1_MESSAGE,
                _SMB2: _SMB2_MESSAGE,
                _ENCRYPTED: _noted(3),
                _COMPRESSED: _noted(4),
            }, [l.Odd("smb_unknown_message"), l.Drop()])])], [l.Drop()])],
            0x81: [l.Role("request"), l.Let("func", smb.SESSION_REQUEST), l.Let("mid", -1),
                   l.Rich("session_request")],
            (0x82, 0x83): [l.Role("response"), l.Let("mid", -1), l.Let("func", smb.SESSION_REQUEST)],
        }, [l.Drop()]),
    ],
    programs={
        "smb1_chain": _SMB1_CHAIN, "smb1_body": [_SMB1_BODY], "smb2": _SMB2_ONE, "smb2_body": [_SMB2_BODY],
        "file": files.FILE, "rpc": ops.IN_PIPE, "rpc_arguments": ops.ARGUMENTS,
    },
    pair=("mid",),
    columns=(
        l.Col("version", "str", "SMB1, SMB2 (and 3), or that it was encrypted or compressed",
              names={1: "SMB1", 2: "SMB2", 3: "SMB3 encrypted", 4: "SMB3 compressed"}),
        l.Col("function", "str", "command", source="func", names=smb.FUNCTIONS),
        l.Col("command", "u8", "SMB 1 command of the request; null where only the answer was seen"),
        l.Col("reply", "u8", "SMB 1 command of the answer; null if unanswered"),
        l.Col("andx", "u8", "255 where the request ends an AndX chain"),
        l.Col("reply_andx", "u8", "255 where the answer ends an AndX chain"),
        l.Col("command2", "u16", "SMB 2 command of the request (or interim answer)"),
        l.Col("reply2", "u16", "SMB 2 command of the answer; null if unanswered"),
        l.Col("mid", "i64", "message identifier"),
        l.Col("tree_id", "u32", "tree identifier", source="tree"),
        l.Col("status", "str", "status of the answer", names=smb.STATUSES, fallback="hex8"),
        l.Col("dialect", "str", "dialect that the server chose", names=smb.DIALECTS, fallback="hex4"),
        l.Col("security_mode", "u8", "SMB 1: 8 signing required, 4 enabled; SMB 2: 2 required, 1 enabled"),
        l.Col("session_flags", "u16", "1 guest, 2 anonymous, 4 encrypted"),
        l.Col("path", "text", "share", render="utf16le"),
        l.Col("path_oem", "text", "share, where the client speaks no Unicode"),
        l.Col("name", "text", "file or pipe", render="utf16le"),
        l.Col("name_oem", "text", "file or pipe, where the client speaks no Unicode"),
        *files.COLUMNS,
        l.Col("new_name_oem", "text", "rename: the new name, where the client speaks no Unicode"),
        l.Col("subcommand", "str", "SMB 1 transaction: what is asked", names=smb.SUBCOMMANDS, fallback="hex4"),
        l.Col("total", "u32", "SMB 1 transaction: bytes of data that are announced", unit="B"),
        l.Col("rpc_type", "str", "remote call in a pipe: kind of packet", names=rpc.TYPES),
        *ops.COLUMNS,
        *ntlm.COLUMNS,
    ),
    function="function",
    unit="none",
    status="failed",
    statuses=smb.STATUSES,
    rich={"logon": smb.logon, "session_setup": smb.session_setup, "negotiated": smb.negotiated, "moved": files.moved,
          "session_request": session_request},
)
