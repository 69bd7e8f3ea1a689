"""The one TOML file to a `Config`, or to all that is wrong with it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from linewarden.errors import ConfigError
from linewarden.service.config.model import Config
from linewarden.service.config.words import did_you_mean, key_path, words

MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong: the key's path (empty: the whole file), and what, with the way out."""

    file: Path
    key: str
    text: str

    def __str__(self) -> str:
        return ": ".join(str(part) for part in (self.file, self.key, self.text) if part)


def load_config(path: Path) -> Config:
    """The settings of a file. Raises ConfigError, in one line, for what is wrong in it."""
    config, problems = examine(path)
    if config is None or problems:
        more = f"; and {len(problems) - 1} more: `linewarden config check {path}` lists them" if problems[1:] else ""
        raise ConfigError(f"{problems[0]}{more}")
    return config


def check_config(path: Path) -> list[Problem]:
    """All that is wrong in a file, in the order of the file's tables; nothing if it is right."""
    return examine(path)[1]


def examine(path: Path) -> tuple[Config | None, list[Problem]]:
    """The settings, if they can be had, and all that is wrong."""
    try:
        raw = read_toml(path)
    except ConfigError as error:
        return None, [Problem(path, "", str(error))]
    try:
        config = Config.model_validate(
            {"service": {}, "secrets": {}, **raw}, context={"folder": path.absolute().parent}
        )
    except ValidationError as error:
        found = [Problem(path, key_path(e["loc"]), words(e)) for e in error.errors(include_url=False)]
        return None, [*found, *_unknown_streams(path, raw), *_unknown_detections(path, raw)]
    return config, [Problem(path, *p) for p in _together(config)] + [
        *_unknown_streams(path, raw), *_unknown_detections(path, raw),
    ]  # fmt: skip


def read_toml(path: Path) -> dict[str, Any]:
    """The file as it is. Raises ConfigError without the file's name."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        hint = "; `linewarden config example` writes one" if isinstance(error, FileNotFoundError) else ""
        raise ConfigError(
            f"cannot be read ({error.strerror or error}){hint or '; check path and permission'}"
        ) from error
    if len(data) > MOST_BYTES:
        raise ConfigError("is larger than 1 MiB; is that the configuration?")
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"line {line}: no UTF-8; save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax(str(error))) from error
    except RecursionError as error:
        raise ConfigError("is nested too deeply; use the tables of `linewarden config example`") from error


def _syntax(said: str) -> str:
    """`line 3, column 7: expected '=' after a key; this is no TOML`"""
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|(end of document))\)", said, re.DOTALL)
    if found is None:
        return f"{said}; correct the TOML there"
    where = f"line {found[2]}, column {found[3]}" if found[2] else found[4]
    return f"{where}: {found[1][0].lower()}{found[1][1:]}; correct the TOML there"


def _together(config: Config) -> Iterator[tuple[str, str]]:
    """What is wrong only in view of another key."""
    http = config.http
    if http.is_reachable and not http.allow_remote:
        said = (
            "can be reached by other machines, without a password; use 127.0.0.1, or add allow_remote = true if meant"
        )
        yield "http.listen", f"{http.address[0]} {said}"
    console = config.console
    if (console.certificate is None) != (console.key is None):
        lacking = "key" if console.key is None else "certificate"
        yield f"console.{lacking}", "certificate and key go together; give both, or none to have one made"
    if console.enabled and config.http.enabled and console.listen == config.http.listen and console.address[1]:
        yield "console.listen", f"{console.listen} is that of [http] too; give each its own port"
    yield from _between_sensors(config)
    yield from _of_collectors(config)
    yield from _of_the_namespace(config)
    yield from _of_exports(config)
    yield from _of_secrets(config)


def _of_collectors(config: Config) -> Iterator[tuple[str, str]]:
    if not config.collector:
        return
    from linewarden.service.config.collectors import problems

    yield from problems(config.collector)
    heard = {s.name: at for at, s in enumerate(config.sensor)}
    for at, collector in enumerate(config.collector):
        if (first := heard.get(collector.name)) is not None:
            yield f"collector[{at}].name", f"{collector.name!r} is the name of sensor[{first}] too; give each its own"


def _of_the_namespace(config: Config) -> Iterator[tuple[str, str]]:
    from linewarden.service.config.namespace import problems

    yield from problems(config.namespace)


def _of_secrets(config: Config) -> Iterator[tuple[str, str]]:
    tables: list[tuple[str, Any]] = [("state", config.state)]
    tables += [(f"export[{at}]", export) for at, export in enumerate(config.export)]
    tables += [("digest", config.digest)] if config.digest else []
    for path, table in tables:
        for name in ("token", "secret", "password"):
            if getattr(table, name, None) is not None and getattr(table, f"{name}_file", None) is not None:
                yield f"{path}.{name}", f"stands beside {name}_file; give one of them"
    for at, export in enumerate(config.export):
        if export.to.startswith("syslog") and (export.token or export.secret):
            yield f"export[{at}]", "a token and a signature are for webhooks; syslog has none"


def _of_exports(config: Config) -> Iterator[tuple[str, str]]:
    from linewarden.service.config.parts import destination_of, name_of
    from linewarden.service.exporting.destination import is_here

    names: dict[str, int] = {}
    for at, export in enumerate(config.export):
        try:
            destination_of(export)
        except ConfigError as error:
            yield f"export[{at}]", str(error)
            continue
        name = name_of(export)
        if name == "digest":
            yield f"export[{at}].name", "digest is the name of the mail's own folder; give it another"
        elif (first := names.setdefault(name, at)) != at:
            yield f"export[{at}].name", f"{name!r} is the name of export[{first}] too; give each its own `name`"
    digest = config.digest
    if digest is None:
        return
    if digest.security == "none" and not is_here(digest.address[0]):
        yield "digest.security", "none tells everybody on the way what was found; use starttls or tls"
    has_password = digest.password is not None or digest.password_file is not None
    if (digest.user is None) == has_password:
        yield "digest.user", "user and password_file (or password) go together; give both or none"
    if not config.detect.enabled:
        yield "digest", "there is nothing to sum up without detections; set detect.enabled = true"


def _between_sensors(config: Config) -> Iterator[tuple[str, str]]:
    names: dict[str, int] = {}
    heard: dict[str, int] = {}
    folders: dict[Path, int] = {}
    users: dict[str, int] = {}
    for at, sensor in enumerate(config.sensor):
        if (first := names.setdefault(sensor.name, at)) != at:
            yield f"sensor[{at}].name", f"{sensor.name!r} is the name of sensor[{first}] too; give each its own"
        for interface in sensor.interfaces:
            if (first := heard.setdefault(interface, at)) != at:
                yield f"sensor[{at}].interfaces", f"{interface} is heard by sensor[{first}] already; name it once"
        folder = config.packets_folder(sensor)
        if folder is not None and (first := folders.setdefault(folder, at)) != at:
            yield f"sensor[{at}].keep.folder", f"{folder} is that of sensor[{first}] too; give each its own"
        if sensor.user is not None and users and sensor.user not in users:
            other, first = next(iter(users.items()))
            said = f"{sensor.user} here and {other} in sensor[{first}]; a process becomes one user: name the same"
            yield f"sensor[{at}].user", said
        elif sensor.user is not None:
            users.setdefault(sensor.user, at)


def _unknown_streams(path: Path, raw: dict[str, Any]) -> list[Problem]:
    """Keys of [lake.retention] that name no stream."""
    lake = raw.get("lake")
    table = lake.get("retention") if isinstance(lake, dict) else None
    keys = [k for k in table if k != "default_days"] if isinstance(table, dict) else []
    if not keys:
        return []
    from linewarden.service.catalogue import streams_as_dicts

    known = [s["name"] for s in streams_as_dicts()]
    said = "no such stream; `linewarden streams` lists them"
    return [
        Problem(path, f"lake.retention.{key}", f"{said}; {_near(key, [*known, 'default_days'])}")
        for key in keys
        if key not in known
    ]


def _unknown_detections(path: Path, raw: dict[str, Any]) -> list[Problem]:
    """Names in [detect] that are no detection."""
    table = raw.get("detect")
    names = table.get("without") if isinstance(table, dict) else None
    if not isinstance(names, list) or not names:
        return []
    from linewarden.detections.catalogue import detections

    known = [d.name for d in detections()]
    return [
        Problem(path, f"detect.without[{at}]", f"{name}: no such detection; {_near(name, known)}")
        for at, name in enumerate(names)
        if isinstance(name, str) and name not in known
    ]


def _near(word: str, known: list[str]) -> str:
    """One of many, if it is near, or an example: the whole list would be no help."""
    told = did_you_mean(word, known)
    return told if told.startswith("did") else f"such as `{known[0]}`"
