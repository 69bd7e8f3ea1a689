"""Whether this machine has what a configuration names: interfaces, folders, rights, the database."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import ConfigError, LinewardenError
from linewarden.service import rights
from linewarden.service.config.parts import receivers_of
from linewarden.service.config.state_url import sqlite_file

if TYPE_CHECKING:
    import pwd

    from linewarden.service.config.model import Config

INTERFACES = Path("/sys/class/net")


def warnings(config: Config) -> Iterator[tuple[str, str]]:
    """What the service would lack if it began now, as (key, text)."""
    for at, sensor in enumerate(config.sensor):
        for name in sensor.interfaces:
            if not (INTERFACES / name).exists():
                there = ", ".join(sorted(p.name for p in INTERFACES.glob("*"))) or "none"
                yield f"sensor[{at}].interfaces", f"{name}: no such interface here now; there are: {there}"
        if sensor.filter:
            yield from ((f"sensor[{at}].filter", text) for text in _filter(sensor.filter, sensor.interfaces))
    user = None
    try:
        user = rights.user_to_be(config.user)
    except ConfigError as error:
        yield "sensor.user", str(error).removeprefix("--user ").removeprefix("--user: ")
    file = sqlite_file(config.state_url)
    for folder in dict.fromkeys([*config.folders(), *([file.parent] if file else [])]):
        if text := _cannot_be_written(folder, user):
            yield "folders", text
    if file is None and find_spec("psycopg") is None:
        yield "state.url", "PostgreSQL needs psycopg: pip install 'linewarden[postgres]'"
    if config.detect.enabled and config.detect.rules is not None:
        yield from (("detect.rules", text) for text in _rules(config.detect.rules))
    try:
        config.state_password()
    except ConfigError as error:
        yield "state", str(error)
    yield from _given_certificate(config)
    yield from _collectors(config)
    try:
        receivers_of(config)
    except ConfigError as error:
        key, _, text = str(error).partition(": ")
        yield key, text


def _collectors(config: Config) -> Iterator[tuple[str, str]]:
    """Packages that kinds need and that are not here, and secrets that cannot be had."""
    from pydantic import ValidationError

    from linewarden.service.collecting.collectors import need_packages
    from linewarden.service.config.parts import collecting_of

    try:
        collecting = collecting_of(config)
        for source in collecting.sources if collecting else ():
            need_packages(source)
    except ValidationError:
        return  # the check of the file says what is wrong in the tables
    except ConfigError as error:
        key, _, text = str(error).partition(": ")
        yield key, text


def _given_certificate(config: Config) -> Iterator[tuple[str, str]]:
    """What is wrong with a certificate of the console that the configuration names."""
    if config.console.certificate is None:
        return
    from linewarden.service.tls import server_context

    try:
        yield from (("console.certificate", note) for note in server_context(config).notes)
    except LinewardenError as error:
        key, _, text = str(error).partition(": ")
        yield (key, text) if key.startswith("console.") else ("console", str(error))


def _rules(folder: Path) -> Iterator[str]:
    """What is wrong with the site's own rules: the service would not begin."""
    from linewarden.service.rules_files import read_rules

    try:
        yield from read_rules(folder)[1]
    except ConfigError as error:
        yield str(error)


def _filter(expression: str, interfaces: tuple[str, ...]) -> Iterator[str]:
    """What tcpdump says of a filter; only root may ask it about an interface."""
    there = next((i for i in interfaces if (INTERFACES / i).exists()), None)
    if shutil.which("tcpdump", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None:
        yield "tcpdump compiles filters and is not installed; `apt-get install tcpdump`"
    elif there is not None and os.geteuid() == 0:
        try:
            rights.compile_filter(expression, there)
        except ConfigError as error:
            yield str(error)


def _cannot_be_written(folder: Path, user: pwd.struct_passwd | None) -> str:
    """Why the service could not write there. What is missing it makes, as root for the user that it becomes."""
    there = next(p for p in (folder, *folder.parents) if p.exists())
    if not there.is_dir():
        return f"{folder}: {there} is a file; choose another folder"
    made_by_root = user is not None and there != folder
    if made_by_root or _may_write(there, user):
        return ""
    who = user.pw_name if user else "this user"
    return f"{folder}: {'cannot be made' if there != folder else 'cannot be written'} by {who}; chown {there}"


def _may_write(folder: Path, user: pwd.struct_passwd | None) -> bool:
    if user is None:
        return os.access(folder, os.W_OK | os.X_OK)
    of = folder.stat()
    if of.st_uid == user.pw_uid:
        return of.st_mode & 0o300 == 0o300
    if of.st_gid in os.getgrouplist(user.pw_name, user.pw_gid):
        return of.st_mode & 0o030 == 0o030
    return of.st_mode & 0o003 == 0o003


def database(config: Config) -> tuple[str, str]:
    """(what the database is, why it cannot be used): one of them is empty."""
    from linewarden.service.state import look_at

    try:
        return look_at(config.state_url, password=config.state_password()), ""
    except LinewardenError as error:
        return "", str(error)
