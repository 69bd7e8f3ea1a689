"""`expected.toml` (or .json): announced windows, what is normal and which programs are approved, as people write it.

[[window]]
id = "oven-2026-12"
assets = ["10.0.0.1", "oven*"]
from = 2026-12-01T06:00:00Z
until = 2026-12-01T10:00:00Z
verbs = ["program_download", "stop", "start"]
who = ["10.0.0.9"]
reason = "new recipe for line 2, change 4711"

[[suppression]]
note = "new_peer"
orig = "10.0.0.40"
expires = 2027-03-01T00:00:00Z
author = "J. Muster"
reason = "backup server, each first Sunday"

[[approved]]
asset = "10.0.0.1"
name = "OB1"
sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
reason = "version 7, accepted in the factory test"
"""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from linewarden.baseline.expected import Approved, Expected, Suppression, Window
from linewarden.errors import ConfigError
from linewarden.records import Verb

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WindowSaid(_Strict):
    """A window as it is written."""

    id: Text | None = None
    reason: Text
    begin: AwareDatetime = Field(alias="from")
    until: AwareDatetime
    assets: list[Text] = []
    zones: list[Text] = []
    who: list[Text] = []
    verbs: list[Verb] = []
    notes: list[Text] = []
    author: str = ""

    @model_validator(mode="after")
    def _lasts(self) -> WindowSaid:
        if self.until <= self.begin:
            raise ValueError("until must be after from")
        return self


class SuppressionSaid(_Strict):
    """A suppression as it is written."""

    id: Text | None = None
    reason: Text
    author: Text
    expires: AwareDatetime
    note: Text = "*"
    orig: Text = "*"
    resp: Text = "*"
    target: Text = "*"

    @model_validator(mode="after")
    def _scoped(self) -> SuppressionSaid:
        if {self.note, self.orig, self.resp, self.target} == {"*"}:
            raise ValueError("would hide every notice; give note, orig, resp or target")
        return self


class ApprovedSaid(_Strict):
    """An approved program as it is written."""

    asset: Text
    name: Text = "*"
    sha256: Annotated[str, StringConstraints(to_lower=True, pattern=r"^[0-9a-fA-F]{64}$")]
    reason: Text
    author: str = ""


class ExpectedSaid(_Strict):
    """The file."""

    window: list[WindowSaid] = []
    suppression: list[SuppressionSaid] = []
    approved: list[ApprovedSaid] = []


def load_expected(path: Path) -> Expected:
    """What this file says. Raises ConfigError, with the field, for what is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from error
    return parse_expected(path, text)


def parse_expected(path: Path, text: str) -> Expected:
    """The same of a text that is, or will be, in this file."""
    try:
        data: Any = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise ConfigError(f"{path}: not {kind} ({error})") from error
    try:
        said = ExpectedSaid.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_why(error)}") from error
    found = Expected([_window(w, n) for n, w in enumerate(said.window, 1)],
                     [_suppression(s, n) for n, s in enumerate(said.suppression, 1)],
                     [Approved(**a.model_dump()) for a in said.approved])  # fmt: skip
    ids = [w.id for w in found.windows] + [s.id for s in found.suppressions]
    if doubled := sorted({i for i in ids if ids.count(i) > 1}):
        raise ConfigError(f"{path}: the id {doubled[0]!r} is given twice; each window and suppression needs its own")
    return found


def _why(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(p + 1) if isinstance(p, int) else str(p) for p in first["loc"])
    text = first["msg"].removeprefix("Value error, ")
    if first["type"] == "timezone_aware":
        text = "needs a time zone, as in 2026-12-01T06:00:00Z"
    return f"{place}: {text}"


def _window(said: WindowSaid, number: int) -> Window:
    return Window(
        said.id or f"window-{number}", _ns(said.begin), _ns(said.until), said.reason, tuple(said.assets),
        tuple(said.zones), tuple(said.who), tuple(map(str, said.verbs)), tuple(said.notes), said.author,
    )  # fmt: skip


def _suppression(said: SuppressionSaid, number: int) -> Suppression:
    return Suppression(
        said.id or f"suppression-{number}", said.reason, said.author, _ns(said.expires), said.note, said.orig,
        said.resp, said.target,
    )  # fmt: skip


def _ns(time: datetime) -> int:
    since = time - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000
