"""Rights: what a filter needs before, and what is given up once the interfaces are open."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from linewarden.errors import ConfigError, StoreError
from linewarden.wire.ports import Instruction, give_up_rights

ROOT = "root"
OWN = "linewarden"
NOBODY = "nobody"


def compile_filter(expression: str, interface: str) -> list[Instruction]:
    """The BPF program of a tcpdump expression for this interface. Raises ConfigError with what tcpdump says."""
    tool = shutil.which("tcpdump", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if tool is None:
        raise ConfigError("--filter: tcpdump compiles filters and is not installed; `apt-get install tcpdump`")
    # With -i the program knows how the kernel keeps VLAN tags, so that `vlan 5` works.
    ran = subprocess.run(  # noqa: S603 - a fixed program; the expression is one argument, behind `--`
        [tool, "-ddd", "-i", interface, "--", expression],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=30,
    )  # fmt: skip
    if ran.returncode != 0:
        said = ran.stderr.strip().splitlines()
        raise ConfigError(f"--filter {expression!r}: {said[-1] if said else 'tcpdump refused it'}")
    numbers = [[int(n) for n in line.split()] for line in ran.stdout.splitlines()[1:]]
    return [(n[0], n[1], n[2], n[3]) for n in numbers if len(n) == 4]


def user_to_be(name: str | None) -> pwd.struct_passwd | None:
    """Who listens when this is root: the user named, who called sudo, `linewarden`, or `nobody`. None: stay who we are.

    Raises ConfigError if there is no such user, or somebody else than root wants to be another.
    """
    if os.geteuid() != 0:
        if name is not None and name != pwd.getpwuid(os.geteuid()).pw_name:
            raise ConfigError(f"--user {name}: only root can become somebody else")
        return None
    if name == ROOT:
        return None
    names = [name] if name else [os.environ.get("SUDO_USER", ""), OWN, NOBODY]
    for one in names:
        try:
            found = pwd.getpwnam(one)
        except (KeyError, ValueError):
            continue
        if found.pw_uid != 0:
            return found
    raise ConfigError(f"--user: no such user without rights: {', '.join(filter(None, names))}; `useradd -r {OWN}`")


def folder_for(path: Path, user: pwd.struct_passwd | None) -> None:
    """Makes a folder (and gives it to that user) while the rights are there. One that exists stays as it is."""
    missing = [p for p in (path, *path.parents) if not p.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
        for folder in missing if user else []:
            os.chown(folder, user.pw_uid if user else -1, user.pw_gid if user else -1)
    except OSError as error:
        raise StoreError(f"{path}: cannot be made ({error.strerror or error}); choose another folder") from error


def give_up(user: pwd.struct_passwd | None) -> str:
    """Becomes that user, and gives up every capability. Returns who we are now.

    Raises ConfigError if rights would be left: then nothing may be read.
    """
    if user is not None:
        os.initgroups(user.pw_name, user.pw_gid)
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        if os.getresuid() != (user.pw_uid,) * 3 or os.getresgid() != (user.pw_gid,) * 3:
            raise ConfigError("rights could not be given up; nothing was read")
    give_up_rights()
    return pwd.getpwuid(os.geteuid()).pw_name if _known(os.geteuid()) else str(os.geteuid())


def _known(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
