"""The exercise's network: one namespace a device, a bridge a zone, a firewall between the zones.

Runs as root of the exercise's own user namespace, with iproute2; see isolation.py. Nothing is attached to the machine's
own network, so no frame can leave. The namespaces hang on open files of this process and vanish with it.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from linewarden.exercises.isolation import SIOCETHTOOL, Identity
from linewarden.exercises.line import GATEWAY_HOST, PREFIX_LENGTH, ROUTER, ROUTER_MACS, ZONES, Device, gateway

T = TypeVar("T")

CLONE_NEWNET = 0x40000000  # sched.h
SPAN, SENSOR = "span0", "mirror0"
"""The switch's mirror port, and the end of its cable at which a sensor listens."""
DEVICE_PORT, ROUTER_PORT, UNMIRRORED = "p", "r", "o"
"""Names of switch ports begin so; the recorder takes the first two."""
# linux/ethtool.h: ETHTOOL_STXCSUM, _STSO, _SGSO, _SGRO. With them on, the kernel leaves checksums empty and hands over
# segments that are larger than the MTU, which no plant's wire would show.
_OFFLOADS = (0x17, 0x1F, 0x24, 0x2C)
# A Linux host answers and asks ARP with any of its addresses; a firewall's leg uses only its own.
_ROUTER_SETTINGS = {"ipv4/ip_forward": 1, "ipv4/conf/all/arp_announce": 2, "ipv4/conf/all/arp_ignore": 1}
# IPv6 is off so that the recording holds only what the plant says; a device believes any ARP, as old stacks do.
_SETTINGS = {"ipv6/conf/all/disable_ipv6": 1, "ipv6/conf/default/disable_ipv6": 1, "ipv4/conf/all/arp_accept": 1}


class Network:
    """Builds the namespaces and runs things in them."""

    def __init__(self) -> None:
        self._files: dict[str, int] = {}
        self._libc = ctypes.CDLL(None, use_errno=True)

    def build(self, devices: Sequence[Device]) -> None:
        """Makes bridges, the firewall and all devices' cables."""
        _batch(f"link add {_bridge(zone)} type bridge stp_state 0 mcast_snooping 0" for zone in ZONES)
        _batch(f"link set {_bridge(zone)} up" for zone in ZONES)
        self._make(ROUTER, _ROUTER_SETTINGS)
        for index, (name, zone) in enumerate(ZONES.items()):
            port = f"{ROUTER_PORT if zone.mirrored else UNMIRRORED + 'r'}{index}"
            self._plug(ROUTER, f"leg{index}", ROUTER_MACS[name], port, name, zone.address(GATEWAY_HOST))
        for index, device in enumerate(devices):
            self._make(device.name, {})
            port = f"{DEVICE_PORT if ZONES[device.zone].mirrored else UNMIRRORED}{index}"
            self._plug(device.name, "eth0", device.mac, port, device.zone, device.address)
            self.within(device.name, partial(_batch, [f"route add default via {gateway(device.zone)}"]))

    @staticmethod
    def mirror() -> None:
        """Lays the cable from the mirror port to the sensor; both ends stay in the switches' namespace."""
        _batch([f"link add {SPAN} type veth peer name {SENSOR}"])
        for end in (SPAN, SENSOR):
            quiet = Path(f"/proc/sys/net/ipv6/conf/{end}/disable_ipv6")
            if quiet.exists():
                quiet.write_text("1")
            _batch([f"link set {end} up"])

    def identities(self) -> dict[str, Identity]:
        """Device -> its namespace."""
        return {name: ((found := os.fstat(file)).st_dev, found.st_ino) for name, file in self._files.items()}

    def within(self, name: str, do: Callable[[], T]) -> T:
        """Calls `do` in a thread that stands in the device's namespace."""

        def enter() -> T:
            self._check(self._libc.setns(self._files[name], CLONE_NEWNET), name)
            return do()

        return _in_thread(enter)

    def _check(self, result: int, name: str) -> None:
        if result != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"network namespace of {name}: {os.strerror(number)}")

    def _make(self, name: str, settings: dict[str, int]) -> None:
        """A new network namespace: a thread leaves ours, and the file that it opens keeps the new one alive."""

        def leave() -> int:
            self._check(self._libc.unshare(CLONE_NEWNET), name)
            for key, value in {**_SETTINGS, **settings}.items():
                file = Path("/proc/sys/net") / key
                if file.exists():  # a kernel without IPv6 has none of its settings
                    file.write_text(str(value))
            return os.open("/proc/thread-self/ns/net", os.O_RDONLY)

        self._files[name] = _in_thread(leave)

    def _plug(self, name: str, inner: str, mac: str, port: str, zone: str, address: str) -> None:
        """One cable: `inner` in the device's namespace, `port` on the zone's bridge."""
        place = f"/proc/{os.getpid()}/fd/{self._files[name]}"
        _batch([f"link add {port} type veth peer name {inner} address {mac} netns {place}"])
        _batch([f"link set {port} master {_bridge(zone)} up"])

        def connect() -> None:
            up = ["link set lo up", f"link set {inner} up"]
            _batch([*up, f"address add {address}/{PREFIX_LENGTH} brd + dev {inner}"])
            _no_offloads(inner)

        self.within(name, connect)


def _bridge(zone: str) -> str:
    return f"br-{zone[:10]}"


def _in_thread(do: Callable[[], T]) -> T:
    """Calls `do` in a thread of its own, whose namespace may then be another; gives or raises what it does."""
    results: list[T] = []
    failed: list[OSError | subprocess.SubprocessError] = []

    def guarded() -> None:
        try:
            results.append(do())
        except (OSError, subprocess.SubprocessError) as error:
            failed.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return results[0]


def _batch(lines: Iterable[str]) -> None:
    """Several commands of `ip` at once."""
    text = "\n".join(lines)
    done = subprocess.run(["ip", "-batch", "-"], input=text, capture_output=True, text=True, timeout=30, check=False)  # noqa: S607
    if done.returncode != 0:
        raise OSError(f"ip: {done.stderr.strip()} ({text})")


def _no_offloads(interface: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        for command in _OFFLOADS:
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            fcntl.ioctl(wire, SIOCETHTOOL, struct.pack("16sP", interface.encode(), ctypes.addressof(value)))
