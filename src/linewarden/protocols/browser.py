r"""NetBIOS datagrams and the browser announcements in them: Windows hosts (and Samba) tell who they are.

Source: RFC 1002 4.4 (datagram header); [MS-CIFS] 2.2.4.33 (transaction, mailslots); [MS-BRWS] 2.2 (announcements). A
datagram holds two half-ASCII names, then an SMB transaction to a mailslot such as \MAILSLOT\BROWSE, whose data begin
with the command: 1 host announcement, 12 domain announcement, 15 local master announcement.
"""

from __future__ import annotations

from collections.abc import Iterator

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Identity

_COMMANDS = {1: "host_announcement", 2: "announcement_request", 8: "election", 9: "get_backup_list_request",
             10: "get_backup_list_response", 11: "become_backup", 12: "domain_announcement", 13: "master_announcement",
             14: "reset_state", 15: "local_master_announcement"}
_KINDS = {16: "direct_unique", 17: "direct_group", 18: "broadcast", 19: "error", 20: "query_request",
          21: "positive_query_response", 22: "negative_query_response"}
_UNIX, _WORKSTATION, _SERVERS = 0x0800, 0x1000, 0x8018
"""Server type bits ([MS-BRWS] 2.2.1): Unix; NT workstation; NT server, primary and backup domain controller."""

_SMB1 = 0xFF534D42  # 0xFF "SMB"
_LLC = 0xF0
"""The LLC address of NetBIOS frames (NBF, NetBEUI) below IP."""
_NBF = 0xEFFF002C
"""Header length 44, then the delimiter of an NBF frame, little-endian ([IBM SC30-3587] NetBIOS frames)."""
_NBF_DATAGRAMS = (0x08, 0x09)
_BROW = 0x42524F57  # "BROW"

_ANNOUNCED: l.Ops = [
    l.Skip(5), l.Bytes("server", 16), l.U8("os_major"), l.U8("os_minor"), l.U32("server_type"), l.Skip(4),
    l.Bytes("comment"), l.Rich("announcement", hourly=True),
]

_SMB: l.Ops = [
    l.Skip(4), l.U8("smb_command"),
    # Transaction with 17 words (14 and three of setup): where its data stand is said in it.
    l.Seek(32), l.U8("words"), l.If(l.F("words") >= 14, [
        l.Let("data_size", l.Peek(2, 33 + 22, whence="start")), l.Let("data_at", l.Peek(2, 33 + 24, whence="start")),
        l.Seek(33 + l.F("words") * 2), l.U16(),
        # The tenth character on: \MAILSLOT\BROWSE. Others (NETLOGON, LANMAN) have commands of their own.
        l.Let("browse", l.Peek(4, 10, le=False).eq(_BROW)), l.Until("mailslot", b"\0"),
        l.At(l.F("data_at"), [
            l.If(l.both(l.F("browse"), l.Left() >= 1), [
                l.U8("command"),
                l.If(l.F("command").among(1, 12, 15), _ANNOUNCED)])], size=l.F("data_size")),
    ]),
]

_PROBE: l.Ops = [
    l.If(l.Peek(4).eq(_NBF), [l.Check(l.Size() >= 44), l.Stop()]),
    l.Check(l.Size() >= 10), l.U8("kind"), l.Check(l.F("kind").among(*_KINDS)), l.U8("flags"),
    l.Check(l.F("flags") < 16), l.Skip(2), l.U32("source"), l.U16("port"), l.U16("length", le=False),
    l.Check(l.either(l.OnPort(), l.F("port").eq(138 << 8))),
    l.If(l.F("kind").among(16, 17, 18), [
        l.Check(l.Size() >= 82), l.Skip(2), l.Check(l.Peek(1).eq(32)), l.Check(l.F("length") <= l.Size())]),
]


def announcement(message: Message) -> Iterator[Record]:
    """Host, local master or domain announcement: the sender's name, system version and kind."""
    command, kind = message.number("command"), message.number("server_type")
    server, comment = _text(message.raw("server")), _text(message.raw("comment"))
    # A domain announcement holds the domain, and in the comment's place the master browser that sends it.
    domain = server if command == 12 else ""
    name = comment if domain else server
    about = f"workgroup or domain {domain}" if domain else comment
    if not name:
        return
    role = None
    if not domain:
        role = "server" if kind & _SERVERS else "workstation" if kind & _WORKSTATION else None
    major, minor = message.number("os_major"), message.number("os_minor")
    # Samba says a Windows version too, and that it runs on Unix.
    system = f"Windows {major}.{minor}" if major and not domain and not kind & _UNIX else None
    yield Identity(address=message.src, protocol="browser", evidence=_COMMANDS[command].replace("_", " "), name=name,
                   os=system, role=role, description=about or None)


def _text(data: bytes) -> str:
    text = data.partition(b"\0")[0].decode("latin-1").strip()
    return "".join(c for c in text if c.isprintable())


PROTOCOL = l.Protocol(
    name="browser",
    title="NetBIOS datagrams and browser announcements",
    reference="RFC 1002 4.4; [MS-BRWS] 2.2",
    on=(l.On("udp", (138,)), l.On("llc", (_LLC,))),
    endian="little",
    probe=_PROBE,
    main=[
        l.Role("report"),
        # Below IP: a header with the two plain names, then the same transaction. Sessions are passed over.
        l.If(l.Peek(4).eq(_NBF), [
            l.If(l.both(l.Peek(1, 4).among(*_NBF_DATAGRAMS), l.Peek(4, 44, le=False).eq(_SMB1)),
                 [l.Skip(44), l.Within(None, _SMB), l.Row()]),
            l.Drop()]),
        l.U8("kind"), l.U8(), l.U16("datagram_id", le=False), l.U32("source_ip", le=False),
        l.Skip(2),
        l.If(l.F("kind").among(16, 17, 18), [
            l.Skip(4),
            # Two names of 32 letters; scopes may follow, up to a zero.
            l.Until(None, b"\0"), l.Until(None, b"\0"),
            l.If(l.both(l.Left() >= 33, l.Peek(4, le=False).eq(_SMB1)), [l.Within(None, _SMB)])]),
    ],
    columns=(
        l.Col("kind", "str", "kind of datagram", names=_KINDS),
        l.Col("source_ip", "str", "address that the sender gives as its own", render="ip4"),
        l.Col("smb_command", "u8", "SMB command inside (37: transaction)"),
        l.Col("mailslot", "str", "mailslot that it is for"),
        l.Col("command", "u8", "browser command"),
        l.Col("function", "str", "its name", source="command", names=_COMMANDS),
        l.Col("server", "text", "announced host (or domain)"),
        l.Col("os_major", "u8", "system version, major"),
        l.Col("os_minor", "u8", "system version, minor"),
        l.Col("server_type", "u32", "what it is: bits of [MS-BRWS] 2.2.1"),
        l.Col("comment", "text", "comment, or in a domain announcement the master browser"),
    ),
    function="function",
    rich={"announcement": announcement},
)
