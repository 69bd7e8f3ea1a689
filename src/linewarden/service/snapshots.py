"""Snapshots: what a run rests on besides the records, kept under a name in the lake, so that it can be repeated.

`LAKE/snapshots/NAME.json` holds what is usual, what people said beforehand (the text of their file, comments too) and
the site's own rules. A snapshot is never changed: it is written whole once, and removed.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError, StoreError
from linewarden.service.files import reserve

if TYPE_CHECKING:
    from linewarden.baseline.baseline import Baseline
    from linewarden.baseline.expected import Expected
    from linewarden.detections.detection import Detection

FOLDER = "snapshots"
FORMAT = "linewarden-snapshot/1"
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
PARTS = ("baseline", "expected", "rules")


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of which a snapshot is made; what is left out is nothing."""

    baseline: Path | None = None
    expected: Path | None = None
    rules: Path | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One that was read. `data`: the parts as they are kept; `digest`: of these, so that alike ones can be told."""

    name: str
    made: str
    by: str
    because: str
    data: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """sha256 of the parts: the same parts have the same, whatever the snapshot is called."""
        return hashlib.sha256(_text({p: self.data[p] for p in PARTS}).encode()).hexdigest()

    def baseline(self) -> Baseline | None:
        """What is usual, new each time: a run learns on in it. Raises StoreError if it cannot be read."""
        from linewarden.baseline.baseline import Baseline

        said = self.data["baseline"]
        try:
            return None if said is None else Baseline.from_snapshot(said)
        except ConfigError as error:
            raise StoreError(f"snapshot {self.name}: {error}; save it again") from error

    def expected(self) -> Expected | None:
        """What people said. Raises ConfigError if it is not in order."""
        from linewarden.service.expected_file import parse_expected

        said = self.data["expected"]
        return None if said is None else parse_expected(Path(said["file"]), said["text"])

    def rules(self) -> tuple[Detection, ...]:
        """The site's own rules. Raises ConfigError for one that this version cannot look for."""
        from linewarden.detections.rules.columns import RuleError
        from linewarden.detections.rules.rule import rule_from_json
        from linewarden.detections.rules.running import detection_of

        try:
            return tuple(detection_of(rule_from_json(name, said)) for name, said in self.data["rules"].items())
        except RuleError as error:
            raise ConfigError(f"snapshot {self.name}: {error}") from error


def save(lake: Path, name: str, sources: Sources, because: str, by: str = "", *, replace: bool = False) -> Snapshot:
    """Makes one. Raises ConfigError for a name that is taken or none, or a file that is not in order."""
    if not any((sources.baseline, sources.expected, sources.rules)):
        raise ConfigError("a snapshot of nothing is of no use; give --baseline, --expected or --rules")
    path = _path(lake, name)
    if path.exists() and not replace:
        raise ConfigError(f"{name}: there is such a snapshot in {lake}; take another name, or --replace")
    found = Snapshot(name, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", by or _who(), because, _parts(sources))
    found.expected()
    found.rules()
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path.parent}: cannot be made ({error.strerror or error}); check the permission") from error
    head = {"format": FORMAT, "name": name, "made": found.made, "by": found.by, "because": because}
    with reserve(path) as file:
        file.write(_text(head | dict(found.data)) + "\n")
    return found


def _parts(sources: Sources) -> dict[str, Any]:
    from linewarden.detections.rules.rule import rule_as_json
    from linewarden.service.baseline_file import load as load_baseline
    from linewarden.service.expected_file import load_expected
    from linewarden.service.rules_files import read_rules

    rules, problems = read_rules(sources.rules) if sources.rules else ([], [])
    if problems:
        raise ConfigError(problems[0])
    said = None
    if sources.expected:
        load_expected(sources.expected)
        said = {"file": sources.expected.name, "text": sources.expected.read_text(encoding="utf-8")}
    return {
        "baseline": load_baseline(sources.baseline).snapshot() if sources.baseline else None,
        "expected": said,
        "rules": {rule.name: rule_as_json(rule) for rule in rules},
    }


def listed(lake: Path) -> tuple[list[Snapshot], list[str]]:
    """Those of a lake by their time, and what is wrong with the others, a line each."""
    found: list[Snapshot] = []
    problems: list[str] = []
    for path in sorted((lake / FOLDER).glob("*.json")):
        try:
            found.append(_read(path))
        except StoreError as error:
            problems.append(str(error))
    return sorted(found, key=lambda s: (s.made, s.name)), problems


def load(lake: Path, name: str) -> Snapshot:
    """The one of this name, of a lake. Raises ConfigError if there is none, StoreError if it cannot be read."""
    path = _path(lake, name)
    if not path.exists():
        raise ConfigError(f"{name}: no such snapshot in {lake}; `linewarden snapshot list {lake}` says which there are")
    return _read(path)


def remove(lake: Path, name: str) -> None:
    """Removes it. Raises ConfigError if there is none, StoreError if it cannot be removed."""
    path = _path(lake, name)
    try:
        path.unlink()
    except FileNotFoundError:
        raise ConfigError(f"{name}: no such snapshot in {lake}") from None
    except OSError as error:
        raise StoreError(f"{path}: cannot be removed ({error.strerror or error})") from error


def _path(lake: Path, name: str) -> Path:
    from linewarden.service.lake import open_lake

    if not NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no name of a snapshot; use letters, digits, '.', '-' and '_', at most 64")
    return open_lake(lake).path / FOLDER / f"{name}.json"


def _read(path: Path) -> Snapshot:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if said["format"] != FORMAT:
            raise ValueError(f"{said['format']!r} is not known here; use a newer Linewarden")
        parts = {p: said[p] for p in PARTS}
        return Snapshot(path.stem, str(said["made"]), str(said["by"]), str(said["because"]), parts)
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: cannot be read ({error})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path}: no snapshot ({error}); remove the file, and save it again") from error


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True)


def _who() -> str:
    try:
        return f"{getpass.getuser()}@{platform.node()}"
    except (KeyError, OSError):
        return platform.node()
