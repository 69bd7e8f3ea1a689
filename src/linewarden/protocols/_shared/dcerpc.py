"""DCE/RPC over streams: names of packets, faults and interfaces, and the logon inside a packet.

Source: C706, 12.6 (connection-oriented packets), 12.6.3.1 (packet types), 12.6.4.5 (why a bind is refused), appendix E
(faults); [MS-RPCE] 2.2.2.4 and 2.2.2.5 (packet types and refusals of Microsoft), 2.2.2.11 (the trailer before a logon),
2.2.1.1.7 and 2.2.1.1.8 (who checks it, and how strictly). Interfaces: the specification that each line names.

Named pipes carry the same packets over SMB, so what finds a logon in one stands here.
"""

from __future__ import annotations

import struct
from uuid import UUID

from linewarden.protocols._shared import layout as l

REQUEST, RESPONSE, FAULT = 0, 2, 3
BIND, BIND_ACK, BIND_NAK, ALTER, ALTER_RESP, AUTH3 = 11, 12, 13, 14, 15, 16
TYPES = {
    REQUEST: "request", RESPONSE: "response", FAULT: "fault", BIND: "bind", BIND_ACK: "bind_ack", BIND_NAK: "bind_nak",
    ALTER: "alter_context", ALTER_RESP: "alter_context_resp", AUTH3: "auth3", 17: "shutdown", 18: "cancel",
    19: "orphaned",
}  # fmt: skip
ASKED = {BIND_ACK: BIND, BIND_NAK: BIND, ALTER_RESP: ALTER, RESPONSE: REQUEST, FAULT: REQUEST}
"""What each answer answers."""

RESULTS = {0: "accepted", 1: "user_rejected", 2: "provider_rejected", 3: "features_negotiated"}
NTLM = 10
AUTHENTICATION = {0: "none", 9: "negotiate", NTLM: "ntlm", 14: "tls", 16: "kerberos", 68: "netlogon", 255: "default"}
LEVELS = {1: "none", 2: "connect", 3: "call", 4: "packet", 5: "integrity", 6: "privacy"}

NAK_BASE = 0x2000_0000
"""Added to the reason of a refused bind, so that one table names these and faults."""
STATUSES = {
    0x0000_0005: "access_denied", 0x1C00_0008: "version_mismatch", 0x1C00_0009: "rejected", 0x1C00_000B: "who_are_you",
    0x1C00_000C: "manager_not_entered", 0x1C00_000D: "cancelled", 0x1C00_0012: "fault", 0x1C00_001A: "context_mismatch",
    0x1C00_001C: "unknown_context", 0x1C00_001D: "authentication_level", 0x1C01_0002: "unknown_operation",
    0x1C01_0003: "unknown_interface", 0x1C01_000B: "protocol_error", 0x1C01_0013: "answer_too_big",
    0x1C01_0014: "server_too_busy", 0x0000_06F7: "bad_stub_data",
    NAK_BASE: "refused", NAK_BASE + 1: "congestion", NAK_BASE + 2: "limit_exceeded", NAK_BASE + 4: "protocol_version",
    NAK_BASE + 8: "unknown_authentication", NAK_BASE + 9: "invalid_checksum",
}  # fmt: skip

_INTERFACES = {
    "afa8bd80-7d8a-11c9-bef4-08002b102989": "management",  # C706, appendix Q
    "e1af8308-5d1f-11c9-91a4-08002b14a0fa": "endpoint_mapper",  # C706, appendix O
    "000001a0-0000-0000-c000-000000000046": "remote_activation",  # [MS-DCOM] 1.9, ISystemActivator
    "4d9f4ab8-7d1c-11cf-861e-0020af6e7c57": "activation",  # [MS-DCOM] 1.9, IActivation
    "99fcfec4-5260-101b-bbcb-00aa0021347a": "object_exporter",  # [MS-DCOM] 1.9, IObjectExporter
    "00000131-0000-0000-c000-000000000046": "remote_unknown",  # [MS-DCOM] 1.9, IRemUnknown
    "00000143-0000-0000-c000-000000000046": "remote_unknown2",  # [MS-DCOM] 1.9, IRemUnknown2
    "367abb81-9844-35f1-ad32-98f038001003": "service_control",  # [MS-SCMR] 1.9
    "338cd001-2244-31f1-aaaa-900038001003": "registry",  # [MS-RRP] 1.9
    "1ff70682-0a51-30e8-076d-740be8cee98b": "at_scheduler",  # [MS-TSCH] 1.9, ATSvc
    "86d35949-83c9-4044-b424-db363231fd0c": "task_scheduler",  # [MS-TSCH] 1.9, ITaskSchedulerService
    "12345778-1234-abcd-ef00-0123456789ab": "local_security",  # [MS-LSAT] 1.9
    "12345778-1234-abcd-ef00-0123456789ac": "account_manager",  # [MS-SAMR] 1.9
    "12345678-1234-abcd-ef00-01234567cffb": "netlogon",  # [MS-NRPC] 1.9
    "12345678-1234-abcd-ef00-0123456789ab": "print_spooler",  # [MS-RPRN] 1.9
    "4b324fc8-1670-01d3-1278-5a47bf6ee188": "server_service",  # [MS-SRVS] 1.9
    "6bffd098-a112-3610-9833-46c3f87e345a": "workstation_service",  # [MS-WKST] 1.9
    "e3514235-4b06-11d1-ab04-00c04fc2dcd2": "directory_replication",  # [MS-DRSR] 1.9
    "82273fdc-e32a-18c3-3f78-827929dc23ea": "event_log",  # [MS-EVEN] 1.9
    "f6beaff7-1e19-4fbb-9f8f-b89e2018337c": "event_log6",  # [MS-EVEN6] 1.9
    "9556dc99-828c-11cf-a37e-00aa003240c7": "wmi_services",  # [MS-WMI] 1.9, IWbemServices
    "f309ad18-d86a-11d0-a075-00c04fb68820": "wmi_login",  # [MS-WMI] 1.9, IWbemLevel1Login
    "13486d50-4821-11d2-a494-3cb306c10000": "opc_server_list",  # OPC Common 1.1
    "9dd0b56c-ad9e-43ee-8305-487f3188bf7a": "opc_server_list2",  # OPC Common 1.1
    "f31dfde2-07b6-11d2-b2d8-0060083ba1fb": "opc_common",  # OPC Common 1.1
    "39c13a4d-011e-11d0-9675-0020afd8adb3": "opc_da_server",  # OPC Data Access 2.05a
    "39c13a4f-011e-11d0-9675-0020afd8adb3": "opc_da_browse",
    "39c13a50-011e-11d0-9675-0020afd8adb3": "opc_da_group",
    "39c13a52-011e-11d0-9675-0020afd8adb3": "opc_da_sync_io",
    "39c13a54-011e-11d0-9675-0020afd8adb3": "opc_da_items",
    "39c13a70-011e-11d0-9675-0020afd8adb3": "opc_da_callback",
    "39c13a71-011e-11d0-9675-0020afd8adb3": "opc_da_async_io2",
    "39c13a72-011e-11d0-9675-0020afd8adb3": "opc_da_properties",
}


_POSITIVE = (1 << 63) - 1


def _number(uuid: str) -> int:
    first, second = struct.unpack(">qq", UUID(uuid).bytes)
    return int(first ^ second) & _POSITIVE


INTERFACES = {_number(uuid): name for uuid, name in _INTERFACES.items()}
"""Names by the two halves of the UUID in one number, as `interface` reads it (Microsoft's often share one half)."""


def interface() -> l.Expr:
    """The UUID at the cursor as such a number: its first three fields are in the sender's byte order."""
    first = l.Peek(4, le=True) << 32 | l.Peek(2, 4, le=True) << 16 | l.Peek(2, 6, le=True)
    return (first ^ l.Peek(8, 8, le=False)) & _POSITIVE


UUID_TEXT: l.Ops = [
    # The order in which UUIDs are written. The octets before the last eight are turned field by field.
    l.Let("uuid_at", l.Pos()), l.Seek(l.F("uuid_at") + 3), l.Bytes("uuid", 1),
    *(op for at in (2, 1, 0, 5, 4, 7, 6) for op in (l.Seek(l.F("uuid_at") + at), l.Bytes("uuid", 1, join=b""))),
    l.Seek(l.F("uuid_at") + 8), l.Bytes("uuid", 8, join=b""),
]


def is_packet() -> l.Expr:
    """1 if a packet's head stands at the cursor: version 5, a type, little-endian, ASCII and IEEE numbers."""
    return l.both(l.Left() >= 16, l.Peek(1).eq(5), l.Peek(1, 1) <= 1, l.Peek(1, 2) <= max(TYPES),
                  l.Peek(4, 4, le=False).eq(0x1000_0000), l.Peek(2, 8, le=True) >= 16)


def logon(tag: str, *then: l.Op) -> l.Ops:
    """Hands the logon at the end of a packet (the slice) to a parser; first `then`, at the trailer before it.

    The trailer's 8 bytes: authentication type, level, padding, and a context. Packets that carry data have signatures
    there instead of a logon.
    """
    size = l.Peek(2, 10, le=True, whence="start")
    return [l.If(l.both(size, l.Size() >= size + 24, l.Peek(1, 2, whence="start") >= BIND), [
        l.At(l.Size() - size - 8, [*then, l.Skip(8), l.Rich(tag)])])]


def in_pipe(tag: str, *then: l.Op) -> l.Ops:
    """What a pipe carries at the cursor, where that is one whole packet: its logon, and `then` from its head on."""
    length = l.Peek(2, 8, le=True)
    return [l.If(l.both(is_packet(), l.Left() >= length), [l.Within(length, [*logon(tag), *then])])]
