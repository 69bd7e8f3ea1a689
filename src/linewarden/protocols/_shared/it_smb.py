"""Names of SMB commands and states, and the parsers of its rare rich messages.

Source: [MS-CIFS] 2.2.2.1 (SMB 1 commands), 2.2.2.2 (subcommands), 2.2.4.52 and 2.2.4.53 (negotiate, session
setup), [MS-SMB] 2.2.4.5 and 2.2.4.6 (their forms with extended security), [MS-SMB2] 2.2.1 (commands),
[MS-ERREF] 2.3.1 (states).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from linewarden.protocols._shared import ntlm
from linewarden.protocols._shared.message import Message, Native, Record
from linewarden.records import Identity

SMB1_COMMANDS = {
    0x00: "create_directory", 0x01: "delete_directory", 0x02: "open", 0x03: "create", 0x04: "close", 0x05: "flush",
    0x06: "delete", 0x07: "rename", 0x08: "query_information", 0x09: "set_information", 0x0A: "read", 0x0B: "write",
    0x10: "check_directory", 0x12: "seek", 0x1A: "read_raw", 0x1D: "write_raw", 0x22: "set_information2",
    0x23: "query_information2", 0x24: "locking_andx", 0x25: "transaction", 0x26: "transaction_secondary",
    0x2B: "echo", 0x2D: "open_andx", 0x2E: "read_andx", 0x2F: "write_andx", 0x32: "transaction2",
    0x33: "transaction2_secondary", 0x34: "find_close2", 0x70: "tree_connect", 0x71: "tree_disconnect",
    0x72: "negotiate", 0x73: "session_setup_andx", 0x74: "logoff_andx", 0x75: "tree_connect_andx",
    0x80: "query_information_disk", 0x81: "search", 0xA0: "nt_transact", 0xA1: "nt_transact_secondary",
    0xA2: "nt_create_andx", 0xA4: "nt_cancel", 0xA5: "nt_rename", 0xC0: "open_print_file", 0xFF: "no_further_commands",
}  # fmt: skip
SMB2_COMMANDS = {
    0: "negotiate", 1: "session_setup", 2: "logoff", 3: "tree_connect", 4: "tree_disconnect", 5: "create", 6: "close",
    7: "flush", 8: "read", 9: "write", 10: "lock", 11: "ioctl", 12: "cancel", 13: "echo", 14: "query_directory",
    15: "change_notify", 16: "query_info", 17: "set_info", 18: "oplock_break",
}  # fmt: skip
SMB2 = 0x10000
"""Added to SMB 2 command numbers, so that one table names both."""
FUNCTIONS = SMB1_COMMANDS | {SMB2 + number: name for number, name in SMB2_COMMANDS.items()}
SESSION_REQUEST = 0x20081
FUNCTIONS |= {SESSION_REQUEST: "netbios_session_request"}
TRANS2, NT_TRANSACT = 0x3200, 0xA000
"""Added to the subcommands of transactions, so that one table names both."""
SUBCOMMANDS = {
    TRANS2 + number: f"trans2_{name}" for number, name in {
        0: "open", 1: "find_first", 2: "find_next", 3: "query_fs_info", 5: "query_path_info", 6: "set_path_info",
        7: "query_file_info", 8: "set_file_info", 13: "create_directory", 14: "session_setup", 16: "get_dfs_referral",
    }.items()
} | {
    NT_TRANSACT + number: f"nt_{name}" for number, name in {
        0: "unknown", 1: "create", 2: "ioctl", 3: "set_security", 4: "notify_change", 5: "rename",
        6: "query_security",
    }.items()
}
NT_LM, LANMAN = 0x0100, 0x00FF
DIALECTS = {LANMAN: "LANMAN", NT_LM: "NT LM 0.12", 0x0202: "2.0.2", 0x0210: "2.1", 0x02FF: "2.x", 0x0300: "3.0",
            0x0302: "3.0.2", 0x0311: "3.1.1"}
MORE_PROCESSING, PENDING, BUFFER_OVERFLOW, NO_MORE_FILES = 0xC0000016, 0x00000103, 0x80000005, 0x80000006
STATUSES = {
    0x00000000: "ok", PENDING: "pending", 0x0000010C: "notify_enum_dir", BUFFER_OVERFLOW: "buffer_overflow",
    NO_MORE_FILES: "no_more_files", 0xC0000002: "not_implemented", 0xC0000008: "invalid_handle",
    0xC000000D: "invalid_parameter", 0xC000000F: "no_such_file", 0xC0000010: "invalid_device_request",
    0xC0000011: "end_of_file", MORE_PROCESSING: "more_processing_required", 0xC0000022: "access_denied",
    0xC0000034: "object_name_not_found", 0xC0000035: "object_name_collision", 0xC000003A: "object_path_not_found",
    0xC0000043: "sharing_violation", 0xC0000056: "delete_pending", 0xC000005E: "no_logon_servers",
    0xC0000064: "no_such_user", 0xC000006A: "wrong_password", 0xC000006D: "logon_failure",
    0xC000006E: "account_restriction", 0xC000006F: "invalid_logon_hours", 0xC0000070: "invalid_workstation",
    0xC0000071: "password_expired", 0xC0000072: "account_disabled", 0xC000009A: "insufficient_resources",
    0xC00000AC: "pipe_not_available", 0xC00000B0: "pipe_disconnected", 0xC00000BA: "file_is_a_directory",
    0xC00000BB: "not_supported", 0xC00000C9: "network_name_deleted", 0xC00000CC: "bad_network_name",
    0xC0000101: "directory_not_empty", 0xC0000120: "cancelled", 0xC0000128: "file_closed",
    0xC000015B: "logon_type_not_granted", 0xC0000193: "account_expired", 0xC0000203: "user_session_deleted",
    0xC0000205: "insufficient_server_resources", 0xC0000224: "password_must_change", 0xC0000225: "not_found",
    0xC0000234: "account_locked_out", 0xC0000257: "path_not_covered", 0xC000035C: "network_session_expired",
}  # fmt: skip

_UNICODE, _EXTENDED_SECURITY = 0x8000, 0x80000000
_PARAMETERS = 32
"""Where the word count stands, from the beginning of an SMB 1 message."""


def logon(message: Message) -> Iterator[Record]:
    """An SMB 2 session setup, or the bind of a remote call in a pipe: the NTLM message in it."""
    version = "SMB2" if message.number("version") >= 2 else "SMB1"
    for record in ntlm.told(message):
        yield Native({"version": version, **record.values}) if isinstance(record, Native) else record


def session_setup(message: Message) -> Iterator[Record]:
    """An SMB 1 session setup from its header on: NTLM, or account and domain; then native system and LAN manager."""
    data = message.data
    words = data[_PARAMETERS]
    at = _PARAMETERS + 1 + 2 * words + 2
    if not message.response:
        if words == 12:  # extended security
            blob, = struct.unpack_from("<H", data, _PARAMETERS + 1 + 14)
            yield from _with_blob(message, data[at : at + blob], at + blob)
        elif words == 13:
            ansi, unicode = struct.unpack_from("<HH", data, _PARAMETERS + 1 + 14)
            texts = _texts(message, at + ansi + unicode, 4)
            yield from _native(message, texts[2], domain=texts[1], user=texts[0])
    elif words == 4:
        blob, = struct.unpack_from("<H", data, _PARAMETERS + 1 + 6)
        yield from _with_blob(message, data[at : at + blob], at + blob)
    elif words == 3:
        texts = _texts(message, at, 3)
        yield from _native(message, texts[0], domain=texts[2])


def _with_blob(message: Message, blob: bytes, at: int) -> Iterator[Record]:
    said = ntlm.parse(blob)
    yield from logon(message._replace(data=blob))
    yield from _native(message, _texts(message, at, 1)[0], named=bool(said and said.host))


def _native(message: Message, system: str, domain: str = "", user: str = "", named: bool = False) -> Iterator[Record]:
    """Native system: only if it looks like one (attack tools put anything there)."""
    if user:
        yield Native({"version": "SMB1", "user": user, "domain": domain or None})
    if len(system) >= 4 and system.isascii():
        yield Identity(address=message.src, protocol="smb", evidence="session setup", os=system,
                       description=f"workgroup or domain {domain}" if domain and not named else None)


def _texts(message: Message, at: int, count: int) -> list[str]:
    """Zero-ended texts from an offset on, UTF-16 (aligned to the header) or OEM."""
    data = message.data
    wide = bool(message.number("flags2") & _UNICODE)
    found: list[str] = []
    if wide:
        at += at & 1
    for _ in range(count):
        end = _end(data, at, wide)
        raw = data[at:end]
        text = raw.decode("utf-16-le" if wide else "latin-1", "replace")
        found.append("".join(c for c in text if c.isprintable() and c != "\ufffd").strip())
        at = end + (2 if wide else 1)
    return found


def _end(data: bytes, at: int, wide: bool) -> int:
    if not wide:
        end = data.find(b"\0", at)
        return end if end >= 0 else len(data)
    while at + 2 <= len(data) and data[at : at + 2] != b"\0\0":
        at += 2
    return at


def negotiated(message: Message) -> Iterator[Record]:
    """An SMB 1 negotiate answer with 17 words and without extended security: challenge, domain, server name."""
    data = message.data
    if data[_PARAMETERS] != 17:
        return
    capabilities, = struct.unpack_from("<I", data, _PARAMETERS + 1 + 19)
    at = _PARAMETERS + 1 + 34 + 2
    if capabilities & _EXTENDED_SECURITY:
        return
    at += data[_PARAMETERS + 1 + 33]
    # These texts are UTF-16 without alignment where the server speaks Unicode.
    wide = bool(message.number("flags2") & _UNICODE)
    rest = data[at:].decode("utf-16-le" if wide else "latin-1", "replace")
    domain, _, rest = rest.partition("\0")
    server = "".join(c for c in rest.partition("\0")[0] if c.isprintable() and c != "\ufffd")
    if server:
        yield Identity(address=message.src, protocol="smb", evidence="negotiate", name=server,
                       description=f"workgroup or domain {domain}" if domain.isprintable() and domain else None)
