"""SMB 2: what happens to files and pipes, and which names and bytes belong to an open one.

Source: [MS-SMB2] 2.2.13 and 2.2.14 (create), 2.2.15 (close), 2.2.19 (read), 2.2.21 (write), 2.2.31 (ioctl), 2.2.39
(set info), 2.2.10 (kind of share); [MS-FSCC] 2.4.11 (disposition), 2.4.43 (rename).

A file is known by its id from the answer to the create on. The last eight opened files of a connection are followed:
the name of each, and behind it what is written to it, are gathered under a place from 0 to 7, and handed over when it
is closed, renamed or deleted. What gathers is the last step of a message, for it ends it; so a file that is opened in
the middle of a compound is not followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Transfer, Verb

_PLACES = 8
_MOST = 8 << 20
"""A file is gathered up to so many bytes."""
_ALL_ONES = -1
_RENAME, _DISPOSITION, _DISPOSITION_EX = 10, 13, 64
_PIPE = 2
OPEN, WRITTEN, TAKEN = 1, 2, 3

DISPOSITIONS = {0: "supersede", 1: "open", 2: "create", 3: "open_if", 4: "overwrite", 5: "overwrite_if"}
ACTIONS = {0: "superseded", 1: "opened", 2: "created", 3: "overwritten"}
_DELETE_ON_CLOSE = 0x1000

SLOTS = ("file_id", "disposition", "action", "delete", "new_name", "bytes", "file", "todo", "rpc_context", "interface",
         "opnum", "operation", "object", "program", "zero_credential", "returned", "rpc_type", "wrote",
         "got", "protection", "access")
"""Slots of one command, forgotten before the next."""


def file_id(at: int) -> l.Ops:
    """The id so many bytes on, as one number, and the place of its file. All ones mean the compound's own: no id."""
    first, second = l.Peek(8, at), l.Peek(8, at + 8)
    find: l.Ops = [
        l.If(l.Known("fid", l.F("offset")).eq(l.F("file_id")), [l.Let("file", l.F("offset"))]),
        l.Let("offset", l.F("offset") + 1)]
    return [
        l.If(first.ne(_ALL_ONES), [
            l.Let("file_id", first * 31 + second), l.Let("offset", 0),
            l.If(l.F("file_id"), [l.Repeat(find, count=_PLACES)])]),
    ]


CREATE: l.Ops = [
    l.Let("access", l.Peek(4, 24)), l.Let("disposition", l.Peek(4, 36)),
    l.If(l.Peek(4, 40) & _DELETE_ON_CLOSE, [l.Let("delete", 1)]),
    l.If(l.F("next").eq(0), [
        l.Let("file", (l.Known("turn") + 1) % _PLACES), l.Remember("turn", l.F("file")),
        *(l.Remember(what, 0, key=l.F("file")) for what in ("fid", "wrote", "kept", "got")),
        l.Let("todo", OPEN)]),
]

CREATED: l.Ops = [
    l.If(l.both(l.F("status").eq(0), l.Left() >= 80), [
        l.Let("action", l.Peek(4, 4)), l.Let("file_id", l.Peek(8, 64) * 31 + l.Peek(8, 72)),
        # Of a pipe no content is kept, nor is it a file that moves.
        l.If(l.both(l.Has("file"), l.Known("pipe", l.F("tree") & 15).ne(l.F("tree") + 1)),
             [l.Remember("fid", l.F("file_id"), key=l.F("file"))])]),
]

TREE: l.Ops = [l.If(l.Peek(1, 2).eq(_PIPE), [l.Remember("pipe", l.F("tree") + 1, key=l.F("tree") & 15)])]

WRITE: l.Ops = [
    l.Let("bytes", l.Peek(4, 4)), *file_id(16),
    l.If(l.Has("file"), [
        l.Let("wrote", l.Known("wrote", l.F("file"))),
        # In order and whole, or its hash would be of something else.
        l.If(l.both(l.Peek(8, 8).eq(l.F("wrote")), l.Known("kept", l.F("file")).eq(l.F("wrote")),
                    l.F("wrote") + l.F("bytes") < _MOST, l.Peek(2, 2) + l.F("bytes") <= l.Size()),
             [l.Remember("kept", l.F("wrote") + l.F("bytes"), key=l.F("file")), l.Let("todo", WRITTEN)]),
        l.Remember("wrote", l.F("wrote") + l.F("bytes"), key=l.F("file"))]),
]

READ: l.Ops = [*file_id(16)]
CLOSE: l.Ops = [*file_id(8), l.If(l.Has("file"), [l.Let("todo", TAKEN)])]
IOCTL: l.Ops = [*file_id(8)]

GOT: l.Ops = [
    l.If(l.F("status").eq(0), [
        l.Let("bytes", l.Peek(4, 4)),
        l.If(l.Has("file"), [
            l.Remember("got", l.Known("got", l.F("file")) + l.F("bytes"), key=l.F("file"))])]),
]

SET_INFO: l.Ops = [
    *file_id(16),
    l.Let("kind", l.Peek(1, 3)), l.Let("offset", l.Peek(2, 8)), l.Let("length", l.Peek(4, 4)),
    l.If(l.Peek(1, 2).eq(1), [l.At(l.F("offset"), [
        l.If(l.F("kind").eq(_RENAME), [
            l.Do(Verb.WRITE, "file rename"), l.Skip(16), l.U32("length"), l.Bytes("new_name", l.F("length")),
            l.Seek(20), l.Text(l.F("length"), "utf16le"), l.Let("todo", TAKEN)]),
        l.If(l.both(l.F("kind").among(_DISPOSITION, _DISPOSITION_EX), l.Peek(1) & 1), [
            l.Do(Verb.WRITE, "file delete"), l.Let("delete", 1), l.Let("todo", TAKEN)]),
    ])]),
    l.If(l.Has("file").eq(0), [l.Unset(("todo",))]),
]

TAKE: l.Ops = [
    # Before the row, so that it has the file's name.
    l.If(l.F("todo").eq(TAKEN), [
        l.Let("length", l.Known("name_size", l.F("file"))), l.Let("wrote", l.Known("wrote", l.F("file"))),
        l.Let("got", l.Known("got", l.F("file"))), l.Let("kept", l.Known("kept", l.F("file"))),
        l.Remember("fid", 0, key=l.F("file")),
        l.At(l.Size(), [l.Call("file")])]),
]

KEEP: l.Ops = [
    # After the row. What is in the middle of a compound is not followed.
    l.If(l.F("todo").eq(OPEN), [
        l.Let("offset", l.Peek(2, 64 + 44, whence="start")), l.Let("length", l.Peek(2, 64 + 46, whence="start")),
        l.If(l.either(l.F("length").eq(0), l.F("offset") > l.Size()), [l.Let("offset", l.Size()), l.Let("length", 0)]),
        l.Remember("name_size", l.F("length"), key=l.F("file")),
        l.At(l.F("offset"), [l.Call("file")], size=l.F("length"))]),
    l.If(l.F("todo").eq(WRITTEN), [
        l.At(l.Peek(2, 64 + 2, whence="start"), [l.Call("file")], size=l.F("bytes"))]),
]

FILE: l.Ops = [
    # The program "file": name, and what was written behind it.
    l.Gather([l.Bytes("name", l.F("length")), l.If(l.either(l.F("wrote"), l.F("got")), [l.Rich("moved", repeat=True)])],
             last=l.F("todo").eq(TAKEN), first=l.F("todo").eq(OPEN), key=l.F("file"), limit=_MOST + 65_536),
]


def moved(message: Message) -> Iterator[Record]:
    """A file that was written or read: the slice is what was written to it, if all of that was seen."""
    text = message.raw("name").decode("utf-16-le", "replace")
    name = "".join(c for c in text if c.isprintable()) or None
    wrote, got = message.number("wrote"), message.number("got")
    if wrote:
        whole = message.number("kept") == wrote == len(message.data)
        yield Transfer(protocol="smb", kind="file", direction="download", name=name, bytes=wrote, whole=whole,
                       sha256=sha256(message.data).hexdigest() if whole else None)
    if got:
        yield Transfer(protocol="smb", kind="file", direction="upload", name=name, bytes=got)


COLUMNS = (
    l.Col("file_id", "str", "SMB 2: a number for the open file, the same in all its commands", render="hex8"),
    l.Col("disposition", "str", "create: what is done if the file is there or not", names=DISPOSITIONS),
    l.Col("access", "u32", "create: rights that are asked for (65536 delete, 2 write, 1 read)"),
    l.Col("action", "str", "create: what was done", names=ACTIONS),
    l.Col("delete", "bool", "the file is deleted, now or when it is closed"),
    l.Col("new_name", "text", "rename: the new name", render="utf16le"),
    l.Col("bytes", "u32", "bytes written, or read", unit="B"),
)
