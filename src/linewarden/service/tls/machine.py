"""What this machine is called and reached by, without asking anybody: no name is looked up."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.service.config.console import is_host
from linewarden.trust.authority import Names

if TYPE_CHECKING:
    from linewarden.service.config.console import Console

IPV4, IPV6 = Path("/proc/net/fib_trie"), Path("/proc/net/if_inet6")
GLOBAL = 0x00
UNSTEADY = 0x01 | 0x20 | 0x40
"""Flags of an address that goes again: temporary (RFC 8981), deprecated, tentative (include/uapi/linux/if_addr.h)."""
_LOCAL = re.compile(r"\|-- ([0-9.]+)\n\s+/32 host LOCAL")


def names_of_console(console: Console) -> tuple[Names, Names]:
    """(names that the configuration gives, names that were found): the certificate has both."""
    host = console.address[0]
    everywhere = host != "localhost" and ipaddress.ip_address(host).is_unspecified
    found = [*host_names(), "localhost", "127.0.0.1", "::1", *(addresses() if everywhere else [])]
    return Names.of([*console.all_names, *([] if everywhere else [host])]), Names.of(found)


def host_names() -> Iterator[str]:
    """The machine's name, and its first part."""
    name = os.uname().nodename.lower()
    return (n for n in dict.fromkeys((name, name.partition(".")[0])) if is_host(n))


def addresses() -> list[str]:
    """All steady addresses that other machines could use, of all interfaces."""
    found = dict.fromkeys([*_ipv4(), *_ipv6()])
    return [a for a in found if not ipaddress.ip_address(a).is_loopback]


def _ipv4() -> list[str]:
    try:
        return _LOCAL.findall(IPV4.read_text(encoding="ascii"))
    except OSError:
        return []


def _ipv6() -> Iterator[str]:
    """Lines of `address index prefix scope flags name`, all in hexadecimal."""
    try:
        lines = IPV6.read_text(encoding="ascii").splitlines()
    except OSError:
        return
    for line in lines:
        address, _index, _prefix, scope, flags, *_name = line.split()
        if int(scope, 16) == GLOBAL and not int(flags, 16) & UNSTEADY:
            yield str(ipaddress.IPv6Address(int(address, 16)))
