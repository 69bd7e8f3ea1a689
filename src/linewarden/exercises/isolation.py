"""Whether we stand in the exercise's own network, told by the identity of the kernel's namespaces.

The exercise runs in a user namespace and network namespaces that it makes itself. Every device and every step calls
`require_exercise_namespace` before it speaks, attackers' parts once more themselves. The proof is not a flag: the
kernel is asked which user namespace owns the network namespace that we stand in (ioctl_ns(2)), and what interfaces are
in it. A network namespace that an unprivileged user namespace made has no way to a real card, since no card can be
moved into it from inside.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import socket
import struct
import subprocess
from pathlib import Path

NS_GET_USERNS = 0xB701  # ioctl_ns(2)
SIOCETHTOOL = 0x8946  # netdevice(7)
ETHTOOL_GDRVINFO = 0x03  # linux/ethtool.h: struct ethtool_drvinfo, 196 bytes, driver's name at 4
WHOLE_MACHINE = "0 0 4294967295"
"""/proc/self/uid_map of the machine's first user namespace, user_namespaces(7)."""
NEEDED = ("unshare", "ip")

Identity = tuple[int, int]


class NotInExerciseError(RuntimeError):
    """Raised where an attacker's part would speak outside the exercise's own namespaces."""


def unshared(argv: list[str]) -> list[str]:
    """The command in a user, network, process and mount namespace of its own. When `unshare` ends, all in it end."""
    return [
        "unshare", "--user", "--map-root-user", "--net", "--mount", "--mount-proc", "--pid", "--fork", "--kill-child",
        "--", *argv,
    ]  # fmt: skip


def why_not_isolated() -> str:
    """'' where namespaces can be made; else the reason, for a person."""
    missing = [tool for tool in NEEDED if shutil.which(tool) is None]
    if missing:
        return f"{', '.join(missing)} not found (Debian: util-linux, iproute2)"
    # A whole cable on a bridge is tried: some systems allow the namespace and refuse what goes into it.
    trial = "ip link add lw0 type veth peer name lw1 && ip link add lw2 type bridge && ip link set lw0 master lw2"
    try:
        done = subprocess.run(unshared(["sh", "-c", trial]), capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"namespaces could not be tried: {error}"
    if done.returncode == 0:
        return ""
    return f"the system refuses namespaces: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}"


def identity(path: str) -> Identity:
    """Device and inode of a namespace file: what the kernel tells namespaces apart by (namespaces(7))."""
    found = os.stat(path)
    return found.st_dev, found.st_ino


def own_user_namespace() -> Identity:
    """The user namespace of this process."""
    return identity("/proc/self/ns/user")


def own_network_namespace() -> Identity:
    """The network namespace of this thread."""
    return identity("/proc/thread-self/ns/net")


def _owner_of_network_namespace() -> Identity:
    handle = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        owner = fcntl.ioctl(handle, NS_GET_USERNS)
        try:
            found = os.fstat(owner)
        finally:
            os.close(owner)
    finally:
        os.close(handle)
    return found.st_dev, found.st_ino


def _driver(wire: socket.socket, interface: str) -> str:
    """Name of the interface's kernel driver, '' where it has none (loopback)."""
    info = bytearray(struct.pack("I192x", ETHTOOL_GDRVINFO))
    place = (ctypes.c_char * len(info)).from_buffer(info)
    request = struct.pack("16sP", interface.encode(), ctypes.addressof(place))
    try:
        fcntl.ioctl(wire, SIOCETHTOOL, request)
    except OSError:
        return ""
    return bytes(info[4:36]).rstrip(b"\0").decode()


def _real_interfaces() -> list[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        names = [name for _, name in socket.if_nameindex()]
        return [name for name in names if name != "lo" and _driver(wire, name) != "veth"]


def require_own_user_namespace(launcher: Identity | None) -> None:
    """Raises NotInExerciseError unless we are in a user namespace that is neither the machine's nor the launcher's."""
    if Path("/proc/self/uid_map").read_text().split() == WHOLE_MACHINE.split():
        raise NotInExerciseError("this is the machine's own user namespace; an exercise needs one of its own")
    if own_user_namespace() == launcher:
        raise NotInExerciseError("this is the user namespace that the exercise was started from, not one of its own")


def require_exercise_namespace(expected: Identity | None, launcher: Identity | None) -> None:
    """Raises NotInExerciseError unless this thread stands in a device's namespace of a running exercise.

    `expected` is the namespace that the exercise made for this device, `launcher` the user namespace that it was
    started from; what they claim is checked against the kernel, and they alone are never enough.
    """
    require_own_user_namespace(launcher)
    here, owner = own_network_namespace(), _owner_of_network_namespace()
    if owner != own_user_namespace():
        raise NotInExerciseError("this network namespace was not made by the exercise's user namespace")
    if expected is None or here != expected:
        raise NotInExerciseError("this network namespace is not the one that the exercise made for this device")
    if real := _real_interfaces():
        raise NotInExerciseError(f"interfaces that are not the exercise's own cables are here: {', '.join(real)}")
