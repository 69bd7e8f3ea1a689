"""Addresses: what an IP or MAC address says about whose it is. No DNS; of files only the IEEE list is read."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from linewarden.plant.vendors import registered

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_QUAD = re.compile(r"\.".join([_OCTET] * 4))
_NEIGHBOUR_TTLS = frozenset({30, 32, 60, 64, 128, 255})
"""Initial TTLs in use; one of these means that no router was passed (RFC 1700 names 64; the rest are habits)."""

_DOCUMENTATION = ipaddress.IPv6Network("2001:db8::/32")
_INSIDE = tuple(
    (net.prefixlen, int(net.network_address) >> 32 - net.prefixlen)
    for net in map(
        ipaddress.IPv4Network,
        ("10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12", "169.254.0.0/16", "127.0.0.0/8", "100.64.0.0/10",
         "0.0.0.0/8", "192.0.0.0/24", "198.18.0.0/15", "224.0.0.0/3"),
    )
)  # fmt: skip
"""(bits, prefix) of what the internet does not route: RFC 6890, section 2.2.2, without what stands in examples (RFC
5737), and multicast."""

_VIRTUAL_PREFIXES = (
    "00:00:5e:00:01:",  # VRRP and CARP for IPv4, RFC 5798 section 7.3
    "00:00:5e:00:02:",  # VRRP for IPv6
    "00:00:0c:07:ac:",  # Cisco HSRP version 1
    "00:00:0c:9f:f",  # Cisco HSRP version 2
    "00:05:73:a0:0",  # Cisco HSRP version 2 for IPv6
    "00:07:b4:00:",  # Cisco GLBP
)


@lru_cache(maxsize=65_536)
def is_mac(text: str) -> bool:
    """True for a MAC address as the records write it: six lower-case octets with colons."""
    return _MAC.fullmatch(text) is not None


@lru_cache(maxsize=65_536)
def usable_mac(mac: str | None) -> bool:
    """True for a MAC that can be one device's: not empty or zero, no group address, not shared by VRRP or HSRP."""
    return mac is not None and is_mac(mac) and mac != "00:00:00:00:00:00" and not is_group(mac) and not is_virtual(mac)


def is_virtual(mac: str) -> bool:
    """True for the MAC of a virtual router (VRRP, CARP, HSRP, GLBP), which moves between devices."""
    return mac.startswith(_VIRTUAL_PREFIXES)


def is_local(mac: str) -> bool:
    """True for a locally administered MAC (IEEE 802 section 8.2: bit 0x02): made up, so it has no vendor."""
    return is_mac(mac) and bool(int(mac[:2], 16) & 2)


@lru_cache(maxsize=65_536)
def is_group(address: str) -> bool:
    """True for broadcast and multicast, of either kind. A directed broadcast looks like any IP and is False."""
    if is_mac(address):
        return bool(int(address[:2], 16) & 1)
    quad = _quad(address)
    if quad is not None:
        return quad >> 28 == 0xE or quad == 0xFFFFFFFF
    ip = parse_ip(address)
    return ip is not None and ip.is_multicast


@lru_cache(maxsize=65_536)
def usable_ip(ip: str | None) -> bool:
    """True for an IP that can be one device's: valid, not unspecified (0.0.0.0, ::), no group."""
    if ip and (quad := _quad(ip)) is not None:
        return quad >> 24 != 0 and quad >> 28 != 0xE and quad != 0xFFFFFFFF
    parsed = parse_ip(ip) if ip else None
    return parsed is not None and not parsed.is_unspecified and not is_group(ip or "")


@lru_cache(maxsize=65_536)
def parse_ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address, or None if `text` is none."""
    if _MAC.fullmatch(text):
        return None  # the most usual answer, and an exception is dear
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


@lru_cache(maxsize=65_536)
def _quad(text: str) -> int | None:
    """The number of an IPv4 address as the records write it; `parse_ip` knows more, and takes ten times as long."""
    found = _QUAD.fullmatch(text)
    if found is None:
        return None
    a, b, c, d = map(int, found.groups())
    return a << 24 | b << 16 | c << 8 | d


def is_loopback(ip: str) -> bool:
    """True for 127.0.0.0/8 and ::1: every machine has it, so it is never one MAC's."""
    if (quad := _quad(ip)) is not None:
        return quad >> 24 == 127
    parsed = parse_ip(ip)
    return parsed is not None and parsed.is_loopback


@lru_cache(maxsize=65_536)
def is_public(ip: str) -> bool:
    """True for an IP that the internet routes (RFC 6890), or that stands for one in examples (RFC 5737, RFC 3849)."""
    if (quad := _quad(ip)) is not None:
        return all(quad >> 32 - bits != prefix for bits, prefix in _INSIDE)
    parsed = parse_ip(ip)
    if parsed is None or parsed.is_multicast:
        return False
    return parsed.is_global or parsed in _DOCUMENTATION


def is_link_local(ip: str) -> bool:
    """True for 169.254.0.0/16 and fe80::/10: never routed, so whoever's frame it came in owns it."""
    if (quad := _quad(ip)) is not None:
        return quad >> 16 == 0xA9FE
    parsed = parse_ip(ip)
    return parsed is not None and parsed.is_link_local


def is_neighbour(ttl: int | None) -> bool:
    """True if a TTL or hop limit looks untouched, so that no router stands between the sender and the tap."""
    return ttl in _NEIGHBOUR_TTLS


def order(address: str) -> tuple[int, int, str]:
    """Sort key: MACs (given out by a vendor first), then IPv4, then IPv6, then anything else."""
    if is_mac(address):
        return (1 if is_local(address) else 0, mac_number(address), "")
    quad = _quad(address)
    if quad is not None:
        return (4, quad, "")
    ip = parse_ip(address)
    return (9, 0, address) if ip is None else (ip.version, int(ip), "")


def mac_number(mac: str) -> int:
    """The 48 bits as a number, for nearness."""
    return int(mac.replace(":", ""), 16)


def near(a: str, b: str, span: int = 64) -> bool:
    """True if two MACs are of one OUI and at most `span` apart, as the ports of one box are."""
    return a[:8] == b[:8] and abs(mac_number(a) - mac_number(b)) <= span


def oui_vendor(mac: str) -> str | None:
    """Whom IEEE gave the prefix to; None if it is local, virtual or unassigned."""
    return registered(mac[:8]) if usable_mac(mac) and not is_local(mac) else None


def canonical(text: str) -> str | None:
    """An IP or MAC in any usual notation (00-1B-1B.., 001b.1b.., 001B1B..) as the records write it, else None."""
    text = text.strip()
    ip = parse_ip(text.lower())
    if ip is not None:
        return str(ip)
    digits = re.sub(r"[-:. ]", "", text.lower())
    if len(digits) == 12 and re.fullmatch(r"[0-9a-f]{12}", digits):
        return ":".join(digits[i : i + 2] for i in range(0, 12, 2))
    return None
