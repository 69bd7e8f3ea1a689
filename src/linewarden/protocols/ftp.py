"""FTP, the control connection: who logs in, what is fetched, stored and deleted.

Source: RFC 959 (commands, replies), RFC 2228 (AUTH), RFC 2389 (FEAT), RFC 2428 (EPSV, EPRT), RFC 3659 (MLSD, SIZE,
MDTM), RFC 1635 (anonymous). One row a command with its final reply; interim replies (1xx) and the inner lines of long
ones have none. The argument of PASS is never kept, nor that of a command that is not listed here: a row says whether a
password went over the wire in clear, and another whether devices come with it. After AUTH was accepted (RFC 4217)
nothing is read. Files move on connections of their own, so that a `transfer` has the size that the server says, or
none; `download` is towards the server.
"""

from __future__ import annotations

from collections.abc import Iterator

from linewarden.protocols._shared import default_logins, layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.protocols._shared.recognised import word
from linewarden.records import Identity, Transfer, Verb

_UPPER = 0xDFDFDFDF


def _number(text: str) -> int:
    """A command as `func` has it: four letters in one number, and a zero behind three."""
    return int.from_bytes(text.encode().ljust(4, b"\0"), "big")


_NAMES = ("USER", "PASS", "ACCT", "CWD", "CDUP", "SMNT", "QUIT", "REIN", "PORT", "PASV", "TYPE", "STRU", "MODE", "RETR",
          "STOR", "STOU", "APPE", "ALLO", "REST", "RNFR", "RNTO", "ABOR", "DELE", "RMD", "MKD", "PWD", "LIST", "NLST",
          "SITE", "SYST", "STAT", "HELP", "NOOP", "FEAT", "OPTS", "AUTH", "PBSZ", "PROT", "CCC", "EPRT", "EPSV", "MLST",
          "MLSD", "SIZE", "MDTM", "MFMT", "XCWD", "XMKD", "XPWD", "XRMD", "XCUP", "LANG", "HOST", "CLNT")
_WORDS = {_number(name): name for name in _NAMES}
_USER, _PASS, _ACCT, _AUTH = (_number(name) for name in ("USER", "PASS", "ACCT", "AUTH"))
_TO_SERVER = tuple(_number(name) for name in ("STOR", "STOU", "APPE"))
_FROM_SERVER = (_number("RETR"),)
_VERBS: dict[int | tuple[int, ...] | range, l.Ops] = {
    _FROM_SERVER: [l.Do(Verb.READ, "file")],
    (*_TO_SERVER, *(_number(n) for n in ("DELE", "RNFR", "RNTO", "MKD", "RMD", "XMKD", "XRMD"))): [
        l.Do(Verb.WRITE, "file")],
    tuple(_number(n) for n in ("LIST", "NLST", "MLSD", "MLST")): [l.Do(Verb.BROWSE, "file")],
    _number("SITE"): [l.Do(Verb.CONFIGURE, "site")],
}
_REFUSALS = {
    421: "service_not_available", 425: "no_data_connection", 426: "transfer_aborted", 430: "invalid_login",
    450: "file_busy", 451: "local_error", 452: "no_space", 500: "syntax_error", 501: "wrong_argument",
    502: "not_implemented", 503: "bad_sequence", 504: "not_implemented_for_argument", 530: "not_logged_in",
    532: "account_needed", 534: "refused_by_policy", 550: "file_unavailable", 552: "over_quota", 553: "bad_file_name",
}  # fmt: skip

_DIGITS = l.both(l.Left() >= 3, l.Peek(1) >= 0x31, l.Peek(1) <= 0x36, l.Peek(1, 1) >= 0x30, l.Peek(1, 1) <= 0x39,
                 l.Peek(1, 2) >= 0x30, l.Peek(1, 2) <= 0x39, l.Peek(1, 3).among(0, 0x20, 0x2D))

_ANONYMOUS = l.either(l.both(l.Size().eq(9), (l.Peek(8) | 0x2020202020202020).eq(int.from_bytes(b"anonymou", "big"))),
                      l.both(l.Size().eq(3), (l.Peek(3) | 0x202020).eq(int.from_bytes(b"ftp", "big"))))

_LOGIN: l.Ops = [
    # The name of USER is kept for the PASS behind it. What waits for more ends the message: its row is told before.
    l.Gather([l.Let("anonymous", _ANONYMOUS), l.Bytes("username"), l.Seek(0), l.Text()],
             last=l.F("func").eq(_PASS), first=l.F("func").eq(_USER), limit=512),
]

_PASSWORD: l.Ops = [
    l.Let("clear_password", l.Left() > 0), l.Do(Verb.AUTHENTICATE, "ftp, clear text"),
    # Only to compare it, once the server took it.
    l.If(l.F("clear_password"), [l.Bytes("secret")], [l.Do(Verb.AUTHENTICATE, "ftp, no password")]),
    l.If(l.Known("named"), [
        l.Remember("named", 0), l.Seek(l.Size()), l.Call("login"),
        l.If(l.F("anonymous"), [l.Let("clear_password", 0), l.Do(Verb.AUTHENTICATE, "ftp, anonymous")])]),
]

_COMMAND: l.Ops = [
    l.Role("request"), l.Let("func", l.Peek(4) & _UPPER),
    l.If(l.Size().eq(3), [l.Let("func", l.Peek(3) << 8 & _UPPER)]),
    l.Until(None, b" ", optional=True),
    l.Switch("func", {
        _USER: [l.Bytes("username"), l.Seek(5), l.Text(), l.Row(), l.Seek(5), l.Remember("named", 1), l.Call("login")],
        _PASS: _PASSWORD,
        _ACCT: [l.Do(Verb.AUTHENTICATE, "ftp, account")],
        **_VERBS,
    }),
    l.If(l.both(l.F("func").among(*_WORDS), l.F("func").among(_USER, _PASS, _ACCT).eq(0), l.Left()),
         [l.Bytes("argument")]),
]

_SIZE: l.Ops = [
    # "150 Opening data connection for x (123 bytes)."
    l.Until(None, b"(", optional=True), l.Let("said", 0),
    l.Repeat([l.If(l.both(l.Left(), l.Peek(1) >= 0x30, l.Peek(1) <= 0x39),
                   [l.Let("said", l.F("said") * 10 + l.Peek(1) - 0x30), l.Skip(1)])], limit=15),
    l.If(word(b" byte"), [l.Remember("size", l.F("said"))]),
]

_REPLY: l.Ops = [
    l.Role("response"),
    l.Let("reply_code", (l.Peek(1) - 48) * 100 + (l.Peek(1, 1) - 48) * 10 + l.Peek(1, 2) - 48),
    l.If(l.both(l.F("reply_code").eq(220), l.Known("greeted").eq(0)), [
        l.Rich("greeting", hourly=True), l.If(l.Peek(1, 3).eq(0x2D), [l.Remember("greeted", 1), l.Drop()]),
        l.Role("report")]),
    l.Remember("greeted", 1),
    l.If(l.Peek(1, 3).eq(0x2D), [l.Drop()]),
    l.Skip(4), l.Bytes("reply_msg"),
    l.If(l.F("reply_code") < 200, [l.Seek(4), *_SIZE, l.Drop()]),
    l.Recall(),
    l.If(l.F("reply_code") >= 400, [l.Let("refused", l.F("reply_code"))]),
    l.If(l.F("func").eq(_USER), [
        l.If(l.F("reply_code").eq(230), [l.Do(Verb.AUTHENTICATE, "ftp, no password")]),
        l.If(l.Has("refused"), [l.Do(Verb.AUTHENTICATE, "ftp")])]),
    l.If(l.both(l.F("func").eq(_PASS), l.F("reply_code").eq(230)), [l.Rich("login")]),
    l.If(l.both(l.F("func").eq(_AUTH), l.F("reply_code").among(234, 334)), [l.Remember("sealed", 1)]),
    l.If(l.both(l.F("func").among(*_TO_SERVER, *_FROM_SERVER), l.F("reply_code").among(226, 250)), [
        l.Let("size", l.Known("size")), l.Remember("size", 0), l.Rich("moved", repeat=True)]),
]

_PROBE_WORDS = tuple(n for n in _WORDS if n & 0xFF)


def greeting(message: Message) -> Iterator[Record]:
    """The server's first line (220)."""
    text = _printable(message.data[4:512])
    if text:
        yield Identity(address=message.src, protocol="ftp", evidence="FTP greeting", description=text)


def moved(message: Message) -> Iterator[Record]:
    """A file that the server has taken or sent."""
    down = message.number("func") in _TO_SERVER
    yield Transfer(protocol="ftp", kind="file", direction="download" if down else "upload",
                   name=_printable(message.raw("argument")) or None, bytes=message.number("size"))


def _printable(raw: bytes) -> str:
    return "".join(c for c in raw.decode("utf-8", "replace") if c.isprintable()).strip()


PROTOCOL = l.Protocol(
    name="ftp",
    title="FTP (control connection)",
    reference="RFC 959",
    on=(l.On("tcp", (21,)),),
    framing=l.Lines(),
    anywhere=False,
    probe=[
        l.If((l.Peek(4) & _UPPER).among(*_PROBE_WORDS), [l.Hint("request")], [l.Check(_DIGITS), l.Hint("response")]),
    ],
    main=[
        l.If(l.Known("sealed"), [l.Drop()]),
        # Without CR and LF.
        l.Let("end", l.Size() - l.Peek(1, -1, whence="start").eq(0x0A) - l.Peek(2, -2, whence="start").eq(0x0D0A)),
        l.Within(l.F("end"), [l.If(_DIGITS, _REPLY, [
            # Inner lines of a long reply, and what is no command.
            l.If(l.either(l.FromOrig().eq(0), l.Size() < 3, l.Peek(1) < 0x41), [l.Drop()]),
            *_COMMAND])]),
    ],
    programs={"login": _LOGIN},
    pair=(),
    columns=(
        l.Col("function", "str", "command", source="func", names=_WORDS, fallback="hex8"),
        l.Col("username", "text", "user who logs in (of USER, and of the PASS behind it)"),
        l.Col("clear_password", "bool", "a password went over the wire in clear (of PASS; not of an anonymous login)"),
        l.Col("anonymous", "bool", "the user is 'anonymous' or 'ftp' (of PASS)"),
        l.Col("default_of", "text", "whose factory login this is (a row of its own, once the server took it)"),
        l.Col("argument", "text", "what the command is about: a file, a folder, a type"),
        l.Col("reply_code", "u16", "final reply: 2xx done, 3xx go on, 4xx and 5xx refused; null if unanswered"),
        l.Col("reply_msg", "text", "its words"),
    ),
    function="function",
    unit="none",
    point="argument",
    status="refused",
    statuses=_REFUSALS,
    rich={"greeting": greeting, "moved": moved, "login": default_logins.told},
)
