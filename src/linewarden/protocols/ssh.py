"""SSH, what is said before encryption begins: software and version of both sides, and the algorithms they offer.

Source: RFC 4253 4.2 (identification), 6 (packets), 7.1 (key exchange init). One row a session: what the client said,
with what the server said as its answer, as soon as both have told their lists and the server goes on. The lists of a
side tell its software apart (HASSH is an MD5 over key exchange, cipher, MAC and compression lists of the client, with
semicolons between them). Whether a login succeeded is encrypted: `conn` has packets and bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.protocols._shared.recognised import word
from linewarden.records import Identity

_KEXINIT = 20
_LONGEST = 35_000
"""So many bytes may a packet have (RFC 4253 6.1); who has said more without lists has none."""

_SYSTEMS = ("Ubuntu", "Debian", "Raspbian", "FreeBSD", "NetBSD")
"""What the comment begins with where a system's own package says so; others write anything there."""

_SIDE = l.FromOrig()
_OTHER = 1 - l.FromOrig()


def _by_side(*ops: str) -> l.Ops:
    """Reads texts with a size before them into slots of the side that speaks; those without a name are passed over."""

    def into(side: str) -> l.Ops:
        return [op for name in ops for op in (
            l.U32("size"), l.Bytes(f"{side}_{name}", l.F("size")) if name else l.Skip(l.F("size")))]

    return [l.If(_SIDE, into("client"), into("server"))]


_LISTS: l.Ops = [
    # A packet's head, a cookie, name lists; of those by direction the one towards the server.
    l.Skip(6 + 16), *_by_side("kex", "host_keys", "ciphers", "", "macs", "", "compression"),
]

_IS_LISTS = l.both(l.Left() >= 6, l.Peek(4) <= _LONGEST, l.Peek(1, 5).eq(_KEXINIT))
_WHOLE = l.both(_IS_LISTS, l.Left() >= l.Peek(4) + 4)
_NONE = l.either(l.Size() > _LONGEST, l.both(l.Left() >= 6, _IS_LISTS.eq(0)))

_SAID: l.Ops = [
    # The slice is all that this side has said so far.
    l.If(_SIDE, [l.Until("client", b"\n", optional=True)], [l.Until("server", b"\n", optional=True)]),
    l.If(l.both(l.Peek(1, -1).eq(0x0A), l.Known("named", _SIDE).eq(0)), [
        l.Remember("named", 1, key=_SIDE), l.At(0, [l.Rich("banner", hourly=True)])]),
    # The server's row waits for the client's, and both for what is still to come.
    l.If(l.both(l.either(_WHOLE, _NONE), l.either(_SIDE, l.Known("told", _OTHER), l.Size() > _LONGEST)), [
        l.Remember("told", 1, key=_SIDE), l.Remember("open", 0, key=_SIDE), l.If(_WHOLE, _LISTS), l.Row()], [
        l.Let("keep", 1), l.Remember("open", 1, key=_SIDE), l.Seek(0), l.Call("said")]),
]

_GATHERED: l.Ops = [
    # What is there is taken with the new bytes, and put back if it does not suffice.
    l.Gather(_SAID, last=l.F("keep").eq(0), first=l.either(l.F("keep"), l.Known("open", _SIDE).eq(0)), key=_SIDE,
             limit=1 << 17),
]


def banner(message: Message) -> Iterator[Record]:
    """The identification string (RFC 4253, 4.2): SSH-version-software comment."""
    line = message.data[:256].split(b"\n")[0].strip().decode("utf-8", "replace")
    parts = line.split("-", 2)
    if len(parts) == 3:
        software, _, comment = parts[2].partition(" ")
        yield Identity(address=message.src, protocol="ssh", evidence="SSH identification", software=software,
                       os=system if (system := comment.partition("-")[0]) in _SYSTEMS else None, description=line)


def _columns(side: str) -> tuple[l.Col, ...]:
    return (
        l.Col(f"{side}", "text", f"identification of the {side}: SSH-version-software comment"),
        l.Col(f"{side}_kex", "text", f"key exchanges that the {side} offers"),
        l.Col(f"{side}_host_keys", "text", "kinds of host key"),
        l.Col(f"{side}_ciphers", "text", "ciphers, towards the server"),
        l.Col(f"{side}_macs", "text", "MACs, towards the server"),
        l.Col(f"{side}_compression", "text", "compressions, towards the server"),
    )


PROTOCOL = l.Protocol(
    name="ssh",
    title="SSH",
    reference="RFC 4253",
    on=(l.On("tcp", (22,)),),
    probe=[l.Check(word(b"SSH-"))],
    main=[
        l.If(l.Known("told", _SIDE), [l.Drop()]),
        l.If(_SIDE, [l.Role("request")], [l.Role("response")]),
        l.Call("said"),
    ],
    programs={"said": _GATHERED},
    pair=(),
    columns=(*_columns("client"), *_columns("server")),
    unit="none",
    rich={"banner": banner},
)
