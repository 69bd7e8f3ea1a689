"""Network namespaces, veth pairs and bridges for the demonstration plant; needs root and iproute2.

One namespace for each device, one for the switches, one for the router. Nothing is attached to the host's own
network: no namespace has a way out, so no frame can leave the machine.
"""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

from plant import DEVICES, ROUTER, ROUTER_MACS, ZONES, zone_of

PREFIX = "lwdemo-"
SWITCH = PREFIX + "switch"
ROUTER_PORT = "r"
DEVICE_PORT = "p"


def namespace(name: str) -> str:
    """Name of the network namespace of one device."""
    return PREFIX + name


def run(*argv: str, check: bool = True) -> str:
    """Runs one command and gives its output; raises RuntimeError with what the command said."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def inside(space: str, *argv: str, check: bool = True) -> str:
    """Runs one command in a namespace."""
    return run("ip", "netns", "exec", space, *argv, check=check)


def existing() -> list[str]:
    """Our namespaces that are there now."""
    words = [line.split()[0] for line in run("ip", "netns", "list").splitlines() if line.split()]
    return [word for word in words if word.startswith(PREFIX)]


def _make_namespace(space: str) -> None:
    run("ip", "netns", "add", space)
    # IPv6 is switched off so that the recording holds only what the plant says.
    inside(space, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
    inside(space, "ip", "link", "set", "lo", "up")


def _plug(space: str, inner: str, mac: str, port: str, bridge: str) -> None:
    """One cable: `inner` in the device's namespace, `port` on the bridge."""
    run("ip", "-n", SWITCH, "link", "add", port, "type", "veth", "peer", "name", inner, "netns", space)
    run("ip", "-n", space, "link", "set", inner, "address", mac)
    # Without this the kernel leaves checksums empty and hands over segments larger than the MTU.
    inside(space, "ethtool", "-K", inner, "tx", "off", "tso", "off", "gso", "off", "gro", "off", check=False)
    run("ip", "-n", SWITCH, "link", "set", port, "master", bridge, "up")
    run("ip", "-n", space, "link", "set", inner, "up")


def _build_switches() -> None:
    _make_namespace(SWITCH)
    for zone in ZONES:
        bridge = f"br-{zone.name[:10]}"
        run(
            "ip",
            "-n",
            SWITCH,
            "link",
            "add",
            bridge,
            "type",
            "bridge",
            "stp_state",
            "0",
            "mcast_snooping",
            "0",
        )
        run("ip", "-n", SWITCH, "link", "set", bridge, "up")


def _build_router() -> None:
    space = namespace(ROUTER)
    _make_namespace(space)
    for index, zone in enumerate(ZONES):
        inner = f"leg{index}"
        port = f"{ROUTER_PORT}{index}" if zone.recorded else f"x{index}"
        _plug(space, inner, ROUTER_MACS[zone.name], port, f"br-{zone.name[:10]}")
        length = zone.subnet.split("/")[1]
        run("ip", "-n", space, "address", "add", f"{zone.gateway}/{length}", "brd", "+", "dev", inner)
    # A Linux host answers and asks ARP with any of its addresses; a firewall's leg uses only its own.
    own = ("net.ipv4.conf.all.arp_announce=2", "net.ipv4.conf.all.arp_ignore=1")
    inside(space, "sysctl", "-qw", "net.ipv4.ip_forward=1", *own)


def build() -> None:
    """Makes the whole network. Raises RuntimeError if a namespace of ours is already there."""
    if left := existing():
        raise RuntimeError(f"left over from another run: {', '.join(left)}. Remove them with --clean.")
    _build_switches()
    _build_router()
    for index, item in enumerate(DEVICES):
        zone = zone_of(item.zone)
        space = namespace(item.name)
        _make_namespace(space)
        port = f"{DEVICE_PORT}{index}" if zone.recorded else f"o{index}"
        _plug(space, "eth0", item.mac, port, f"br-{zone.name[:10]}")
        if item.address:
            length = zone.subnet.split("/")[1]
            run("ip", "-n", space, "address", "add", f"{item.address}/{length}", "brd", "+", "dev", "eth0")
            run("ip", "-n", space, "route", "add", "default", "via", zone.gateway)


def remove() -> None:
    """Ends what still runs in our namespaces, then removes them. Never raises."""
    for space in existing():
        for pid in run("ip", "netns", "pids", space, check=False).split():
            run("kill", "-9", pid, check=False)
        run("ip", "netns", "del", space, check=False)
        resolver = Path("/etc/netns") / space
        for file in resolver.glob("*"):
            file.unlink()
        if resolver.is_dir():
            resolver.rmdir()
    # Namespaces of someone else may keep their files there: rmdir refuses a folder that is not empty.
    with contextlib.suppress(OSError):
        Path("/etc/netns").rmdir()


def write_resolver(space: str, server: str, domain: str) -> None:
    """Gives the namespace a resolv.conf of its own, which `ip netns exec` binds over /etc/resolv.conf."""
    folder = Path("/etc/netns") / space
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "resolv.conf").write_text(f"nameserver {server}\nsearch {domain}\noptions timeout:1 attempts:2\n")
