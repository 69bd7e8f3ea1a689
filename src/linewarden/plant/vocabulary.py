"""Names of protocols and verbs, sorted into the kinds that roles and findings ask about."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from linewarden.plant.model import Role
from linewarden.records.command import Verb

_SAME = {
    "s7": "s7comm", "s7comm-plus": "s7comm_plus", "s7commplus": "s7comm_plus", "cip": "enip", "ethernet_ip": "enip",
    "iec60870": "iec104", "iec-104": "iec104", "opc_ua": "opcua", "opcua_binary": "opcua", "bacnet_ip": "bacnet",
    "profinet_dcp": "pn_dcp", "dcp": "pn_dcp", "profinet": "pn_io", "pnio": "pn_io", "profinet_io": "pn_io",
    "iec61850": "mms", "slmp": "melsec", "omron_fins": "fins", "ssl": "tls", "smb2": "smb", "smb1": "smb",
    "ms-wbt-server": "rdp",
    "profinet_rt": "pn_io", "profinet_cm": "pn_io", "melsoft": "melsec", "cip_io": "enip", "dns_tcp": "dns",
    "profinet_ptcp": "pn_ptcp", "profinet_mrp": "pn_mrp",
    "rfb": "vnc", "modbus_tcp": "modbus", "modbus_rtu": "modbus", "gesrtp": "ge_srtp",
    "fins_tcp": "fins",
}  # fmt: skip
"""Other spellings of one protocol."""

SPELLED = {
    "modbus": "Modbus", "s7comm": "S7comm", "s7comm_plus": "S7comm-plus", "enip": "EtherNet/IP", "cip": "CIP",
    "cip_io": "CIP I/O",
    "dnp3": "DNP3", "iec104": "IEC 60870-5-104", "iec60870_5_104": "IEC 60870-5-104", "opcua": "OPC UA",
    "opc_ua": "OPC UA", "bacnet": "BACnet", "profinet_dcp": "PROFINET DCP", "pn_dcp": "PROFINET DCP",
    "profinet": "PROFINET", "pn_io": "PROFINET", "profinet_rt": "PROFINET",
    "profinet_cm": "PROFINET", "pn_ptcp": "PROFINET PTCP", "pn_mrp": "PROFINET MRP",
    "ge_srtp": "GE SRTP", "ads": "Beckhoff ADS", "umas": "UMAS", "codesys": "CODESYS", "tristation": "TriStation",
    "hart_ip": "HART-IP", "knx": "KNXnet/IP", "powerlink": "POWERLINK", "cc_link": "CC-Link IE", "sv": "Sampled Values",
    "iec101": "IEC 60870-5-101", "roc": "ROC", "sparkplug": "Sparkplug B", "synchrophasor": "Synchrophasor",
    "tcp": "TCP", "udp": "UDP", "imap": "IMAP", "pop3": "POP3", "smtp": "SMTP", "syslog": "Syslog", "ws": "WebSocket",
    "mms": "MMS", "goose": "GOOSE", "mqtt": "MQTT", "dns": "DNS", "mdns": "mDNS",
    "http": "HTTP", "https": "HTTPS", "tls": "TLS", "ssh": "SSH", "smb": "SMB", "snmp": "SNMP", "ntp": "NTP",
    "dhcp": "DHCP", "arp": "ARP", "lldp": "LLDP", "ftp": "FTP", "tftp": "TFTP", "rdp": "RDP", "telnet": "Telnet",
    "vnc": "VNC", "icmp": "ICMP", "cotp": "COTP", "fins": "Omron FINS", "fins_tcp": "Omron FINS",
    "melsec": "MELSEC", "ethercat": "EtherCAT",
    "kerberos": "Kerberos", "ldap": "LDAP", "nbns": "NetBIOS name service", "llmnr": "LLMNR", "ssdp": "SSDP",
    "cdp": "CDP", "stp": "Spanning Tree", "igmp": "IGMP", "icmp6": "ICMPv6", "eth": "Ethernet",
    "slmp": "MELSEC (SLMP)", "melsoft": "MELSEC (MELSOFT)", "tds": "SQL Server (TDS)", "dcerpc": "DCE/RPC",
    "browser": "Windows browser service", "bsap": "BSAP", "c1222": "ANSI C12.22", "dns_tcp": "DNS", "dlms": "DLMS",
    "ether_sbus": "SAIA Ether-S-Bus", "ether_sio": "SAIA Ether-S-I/O", "fox": "Niagara Fox", "genisys": "Genisys",
    "lontalk": "LonTalk", "hsrp": "HSRP", "vrrp": "VRRP", "ospf": "OSPF", "ptp": "PTP", "tacacs": "TACACS+",
    "sip": "SIP", "rtsp": "RTSP", "ipp": "IPP", "mysql": "MySQL", "postgresql": "PostgreSQL",
    "quic": "QUIC", "radius": "RADIUS", "winrm": "WinRM", "teamviewer": "TeamViewer", "anydesk": "AnyDesk",
    "rlogin": "rlogin", "x11": "X11", "oui": "IEEE vendor list", "conn": "traffic", "names": "names file",
    "nd": "neighbour discovery", "ssl": "TLS", "rip": "RIP", "bgp": "BGP", "eigrp": "EIGRP",
    "stratum": "Stratum (mining)", "openvpn": "OpenVPN", "wireguard": "WireGuard",
}  # fmt: skip
"""How people write the names of protocols, and of other sources of evidence."""

CONTROL = frozenset(
    {
        "modbus", "s7comm", "s7comm_plus", "enip", "dnp3", "iec104", "opcua", "bacnet", "mms", "melsec",
        "fins", "ge_srtp", "ads", "umas", "codesys", "tristation", "pn_io", "ethercat", "powerlink",
        "hart_ip", "knx", "synchrophasor", "cc_link", "iec101", "bsap", "roc", "df1", "crimson",
        "fox", "genisys", "lontalk", "ether_sbus", "ether_sio",
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
        "codesys", "tristation", "mms", "knx", "hart_ip", "bsap", "roc", "genisys", "lontalk", "ether_sbus",
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
        "eth", "tcp", "udp", "nbns", "browser", "ptp", "hsrp", "vrrp", "ospf", "syslog",
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


@lru_cache(maxsize=1_024)
def protocol(name: str | None) -> str:
    """The one spelling of a protocol used in the plant; empty if `name` is."""
    text = (name or "").strip().lower()
    return _SAME.get(text, text)


def spelled(name: str) -> str:
    """A protocol's name as people write it, for sentences; the name itself where we know no other."""
    if name.startswith("eth_0x"):
        return f"EtherType {name[4:]}"
    return SPELLED.get(name.lower(), name)


def spelled_all(names: Iterable[str], most: int = 6) -> str:
    """Names of protocols in a sentence, sorted as people write them, each once."""
    shown = sorted({spelled(n) for n in names}, key=str.lower)
    return ", ".join(shown[:most]) + (f" and {len(shown) - most} more" if len(shown) > most else "")


_ROLES = {
    Role.HMI: "operator panel (HMI)", Role.RTU: "RTU", Role.IO: "I/O station", Role.SCADA: "SCADA server",
    Role.ENGINEERING: "engineering station", Role.UNKNOWN: "role not known",
}  # fmt: skip


def role(value: Role) -> str:
    """A role in words, for sentences."""
    return _ROLES.get(value, str(value).replace("_", " "))
