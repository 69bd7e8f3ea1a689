"""Telnet: logins, with the user's name and whether the server went on, and the text before the first prompt.

Source: RFC 854 (commands), RFC 855 (options). Telnet has no login of its own: a prompt of the server that ends with
"login:", "username:" or "user name:" is taken for the question of the name, one with "password:" for that of the
password, and "incorrect", "invalid", "failed" or "denied" in what follows, or another prompt, for a refusal. What is
typed at the password prompt is compared with the logins that devices come with, and never kept. Options, and all else
that is said, leave no rows. In a session that is encrypted, or joined after its login, nothing is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from linewarden.protocols._shared import default_logins, layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Identity, Verb

_IAC = 0xFF
_NAME, _PASSWORD, _RESULT = 1, 2, 3
_REFUSED = {1: "refused"}
_LOWER = 0x20202020


def _ends_with(*words: bytes) -> l.Expr:
    """The segment's last four letters, before a blank if there is one, in either case."""
    blank = l.Peek(1, -1, whence="start").eq(0x20)
    numbers = [int.from_bytes(w, "big") for w in words]
    at_end = (l.Peek(4, -4, whence="start") | _LOWER).among(*numbers)
    before = (l.Peek(4, -5, whence="start") | _LOWER).among(*numbers)
    return l.either(l.both(blank.eq(0), at_end), l.both(blank, before))


def _says(word: bytes) -> l.Ops:
    """Sets `no` where the segment has these eight or fewer letters."""
    number = int.from_bytes(word, "big")
    return [l.At(0, [l.Until(None, word, optional=True),
                     l.If(l.Peek(len(word), -len(word)).eq(number), [l.Let("no", 1)])])]


_ASKS_NAME, _ASKS_PASSWORD = _ends_with(b"gin:", b"ame:"), _ends_with(b"ord:")
_LINE_END = l.either(*(l.Peek(1, -n, whence="start").among(0x0D, 0x0A) for n in (1, 2)))

_SERVER: l.Ops = [
    l.If(l.both(l.Known("step").eq(_RESULT), l.Size() > 3), [
        # An echo of the line's end alone says nothing.
        l.Let("no", l.either(_ASKS_NAME, _ASKS_PASSWORD)),
        *(op for word in (b"ncorrect", b"nvalid", b"ailed", b"enied") for op in _says(word)),
        l.Role("response"), l.If(l.F("no"), [l.Let("refused", 1)]), l.Let("accepted", 1 - l.F("no")),
        l.Remember("step", 0), l.If(l.F("accepted"), [l.Recall(), l.Rich("login")]), l.Row()]),
    l.If(_ASKS_PASSWORD, [l.Remember("step", _PASSWORD), l.Remember("typed", 0)]),
    l.If(_ASKS_NAME, [
        l.Remember("step", _NAME), l.Remember("begun", 0),
        l.If(l.Known("greeted").eq(0), [l.Remember("greeted", 1), l.At(0, [l.Rich("banner", hourly=True)])])]),
]

_CLIENT: l.Ops = [
    l.If(l.Peek(1).eq(_IAC), [l.Drop()]),
    l.Switch(l.Known("step"), {
        _NAME: [
            l.Let("first", l.Known("begun").eq(0)), l.Remember("begun", 1), l.If(_LINE_END, [l.Remember("step", 0)]),
            l.Call("name")],
        _PASSWORD: [
            l.Let("first", l.Known("typed").eq(0)), l.Remember("typed", 1), l.Let("done", _LINE_END),
            l.Call("password")],
    }),
]

_TYPED: l.Ops = [
    # Only to compare it, once the server took it.
    l.Gather([
        l.Until("secret", b"\r", optional=True),
        l.Role("request"), l.Do(Verb.AUTHENTICATE, "telnet, clear text"), l.Remember("step", _RESULT),
        l.Let("take", 1), l.Let("first", 0), l.Seek(l.Size()),
        l.If(l.Known("begun"), [l.Remember("begun", 0), l.Call("name")]), l.Row()],
        last=l.F("done"), first=l.F("first"), key=1, limit=256),
]

_NAMED: l.Ops = [
    # A name comes letter by letter, or as a line.
    l.Gather([l.Until("username", b"\r", optional=True), l.Let("size", l.Pos()), l.Seek(0),
              l.If(l.Size() > 0, [l.Within(l.F("size"), [l.Text()])])],
             last=l.F("take"), first=l.F("first"), limit=256),
]


_CONTROLS = rb"\xff\xfa.*?\xff\xf0|\xff[\xfb-\xfe].|\xff.|\x1b\[[0-9;?]*[A-Za-z]"
"""Subnegotiations, negotiations and commands of Telnet, and what colours a terminal."""


def banner(message: Message) -> Iterator[Record]:
    """What the server says before it asks for a name."""
    data = re.sub(_CONTROLS, b"", message.data[:2048], flags=re.S)
    lines = data.decode("utf-8", "replace").splitlines()[:-1]
    text = " ".join("".join(c for c in line if c.isprintable()).strip() for line in lines)
    text = " ".join(text.split())
    if len(text) >= 4:
        yield Identity(address=message.src, protocol="telnet", evidence="text before the login", description=text[:512])


PROTOCOL = l.Protocol(
    name="telnet",
    title="Telnet",
    reference="RFC 854",
    on=(l.On("tcp", (23,)),),
    probe=[
        # IAC and a negotiation, twice where the port does not help.
        l.Check(l.Peek(1).eq(_IAC)), l.Check(l.both(l.Peek(1, 1) >= 0xFA, l.Peek(1, 1) <= 0xFE)),
        l.If(l.OnPort().eq(0), [l.Check(l.Peek(1, 3).eq(_IAC)), l.Check(l.Peek(1, 2) <= 0x2D),
                                l.Check(l.both(l.Peek(1, 4) >= 0xFB, l.Peek(1, 4) <= 0xFE))]),
    ],
    main=[l.If(l.FromOrig(), _CLIENT, _SERVER), l.Drop()],
    programs={"name": _NAMED, "password": _TYPED},
    pair=(),
    columns=(
        l.Col("username", "text", "name that was typed at the prompt"),
        l.Col("default_of", "text", "whose factory login this is (a row of its own, once the server took it)"),
        l.Col("accepted", "bool", "the server went on without a refusal; null where it said nothing more"),
    ),
    unit="none",
    status="refused",
    statuses=_REFUSED,
    rich={"banner": banner, "login": default_logins.told},
)
