"""Names of protocols and verbs, sorted into the kinds that roles and findings ask about."""

from __future__ import annotations

from linewarden.records.command import Verb

_SAME = {
    "s7": "s7comm", "s7comm-plus": "s7comm_plus", "s7commplus": "s7comm_plus", "cip": "enip", "ethernet_ip": "enip",
    "iec60870": "iec104", "iec-104": "iec104", "opc_ua": "opcua", "opcua_binary": "opcua", "bacnet_ip": "bacnet",
    "profinet_dcp": "pn_dcp", "dcp": "pn_dcp", "profinet": "pn_io", "pnio": "pn_io", "profinet_io": "pn_io",
    "iec61850": "mms", "slmp": "melsec", "omron_fins": "fins", "ssl": "tls", "smb2": "smb", "smb1": "smb",
    "ms-wbt-server": "rdp", "rfb": "vnc", "modbus_tcp": "modbus", "modbus_rtu": "modbus", "gesrtp": "ge_srtp",
}  # fmt: skip
"""Other spellings of one protocol."""

CONTROL = frozenset(
    {
        "modbus", "s7comm", "s7comm_plus", "enip", "dnp3", "iec104", "opcua", "bacnet", "mms", "melsec",
        "fins", "ge_srtp", "ads", "umas", "codesys", "tristation", "pn_io", "ethercat", "powerlink",
        "hart_ip", "knx", "synchrophasor", "cc_link", "iec101", "bsap", "roc", "df1", "crimson",
    }
)  # fmt: skip
"""Protocols in which somebody reads or writes a machine."""

OT = CONTROL | frozenset(["pn_dcp", "goose", "sv", "sparkplug", "pn_ptcp", "pn_mrp", "c1222", "dlms"])
"""All industrial protocols."""

FIELDBUS = frozenset({"pn_io", "ethercat", "powerlink", "cc_link", "goose", "sv"})
"""Cyclic I/O: its master is a controller, not an operator's screen."""

UNAUTHENTICATED = frozenset(
    {
        "modbus", "s7comm", "enip", "dnp3", "iec104", "bacnet", "melsec", "fins", "ge_srtp", "ads", "umas",
        "codesys", "tristation", "mms", "knx", "hart_ip",
    }
)  # fmt: skip
"""Control protocols that, as almost always used, ask nobody who they are."""

CLEARTEXT_LOGIN = frozenset({"telnet", "ftp", "rlogin", "rsh", "rexec", "pop3", "imap", "tftp"})
"""Logins, or whole sessions, that anybody on the wire can read."""

REMOTE_ACCESS = frozenset(
    {
        "rdp", "vnc", "teamviewer", "anydesk", "ssh", "telnet", "radmin", "dameware", "pcanywhere", "logmein",
        "splashtop", "rustdesk", "x11", "winrm",
    }
)  # fmt: skip
"""Ways to sit at a machine from afar."""

INFRASTRUCTURE = frozenset(
    {
        "arp", "dhcp", "dns", "ntp", "icmp", "icmp6", "lldp", "cdp", "stp", "mdns", "llmnr", "ssdp", "igmp",
        "eth", "tcp", "udp", "nbns", "browser",
    }
)  # fmt: skip
"""What every network speaks; it says little of a device."""

POLLING = frozenset({Verb.READ, Verb.WRITE, Verb.SUBSCRIBE, Verb.FORCE})
"""Verbs by which a master masters: process values in or out."""

CHANGING = frozenset(
    {
        Verb.WRITE, Verb.PROGRAM_DOWNLOAD, Verb.SET_MODE, Verb.START, Verb.STOP, Verb.RESTART, Verb.FIRMWARE_UPDATE,
        Verb.FORCE, Verb.CONFIGURE, Verb.INHIBIT,
    }
)  # fmt: skip
"""Verbs that change something in the device."""

ENGINEERING = frozenset(
    {Verb.PROGRAM_DOWNLOAD, Verb.PROGRAM_UPLOAD, Verb.FIRMWARE_UPDATE, Verb.SET_MODE, Verb.START, Verb.STOP}
)
"""Verbs that an engineering workstation uses, and an operator does not."""


def protocol(name: str | None) -> str:
    """The one spelling of a protocol used in the plant; empty if `name` is."""
    text = (name or "").strip().lower()
    return _SAME.get(text, text)
