"""The process that looks at one file that somebody sent, and reads it. It says in lines of JSON how far it is:

    {"done": 0.41}
    {"packets": 4000, "records": 812, "notices": 3, "problems": []}     of a capture
    {"rows": [["10.0.0.5", "PLC 1", ...]], "columns": [...]}            of names
    {"error": "..."}                                                    for who sent it

It gives way to all else (nice), and ends when nobody listens any more.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linewarden.errors import LinewardenError
from linewarden.service.uploads import UploadError, kinds
from linewarden.service.uploads.paths import display_name

NICE = 10
EVERY_S = 0.3
ADDRESSES = 8 << 30
"""Bytes of addresses that the process may have."""
COLUMNS = ("address", "name", "zone", "role", "line")


def main() -> None:
    """Does what the one argument says, and ends."""
    told = json.loads(sys.argv[1])
    with suppress(OSError):
        os.nice(NICE)
    for what, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, ADDRESSES)):
        with suppress(OSError, ValueError):
            resource.setrlimit(what, (most, most))
    try:
        say(capture(told) if told["kind"] == "capture" else names(told))
    except LinewardenError as error:
        say({"error": str(error)})
    except MemoryError:
        say({"error": "it needs more memory than it may have; send a part of it"})


def say(what: Mapping[str, Any]) -> None:
    """A line to whoever listens."""
    sys.stdout.write(json.dumps(what, ensure_ascii=False) + "\n")
    sys.stdout.flush()


@dataclass(slots=True)
class Telling:
    """Says at times how much was read. Reading ends with BrokenPipeError where nobody listens."""

    said: float = 0.0

    def step(self, progress: Any) -> None:
        """One more step of the reader."""
        now = time.monotonic()
        if progress.total and now - self.said >= EVERY_S:
            self.said = now
            say({"done": round(min(1.0, progress.read / progress.total), 4)})


def capture(told: Mapping[str, Any]) -> dict[str, Any]:
    """Reads a capture into the lake, judges it, and keeps the file where its packets are found."""
    from linewarden.service.detecting import chosen, detect, keep_notices
    from linewarden.service.expected_file import load_expected
    from linewarden.service.reading import Settings

    found = kinds.capture(Path(told["path"]))
    place = kept_as(Path(told["captures"]), told["name"], found.suffix, told["sha256"])
    there = place.exists()
    if not there:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        Path(told["path"]).rename(place)
    lake, rules = Path(told["lake"]), told["rules"]
    try:
        judged = detect(
            [str(place)], chosen(without=told["without"], rules=Path(rules) if rules else None), out=lake,
            settings=Settings(site=told["site"]), on_step=Telling().step,
            expected=load_expected(Path(told["expected"])) if told["expected"] else None,
        )  # fmt: skip
        keep_notices(lake, told["site"], judged.told, f"upload-{told['sha256'][:12]}")
    except BaseException:
        if not there:
            place.unlink(missing_ok=True)
        raise
    return {
        "packets": judged.packets, "records": judged.records, "notices": len(judged.notices),
        "problems": [p.text for p in judged.problems][:20],
    }  # fmt: skip


def kept_as(folder: Path, name: str, suffix: str, sha256: str) -> Path:
    """Where a capture stays: its name as far as that is one, and what its bytes are, so that no two are one file."""
    stem = display_name(name)
    for ending in (".gz", ".zst", ".pcapng", ".pcap", ".cap", ".dmp"):
        if stem.lower().endswith(ending) and len(stem) > len(ending):
            stem = stem[: -len(ending)]
    plain = "".join(c if c.isalnum() or c in "-_." else "-" for c in stem).strip("-.")[:60] or "capture"
    return folder / f"{plain}-{sha256[:8]}{suffix}"


def names(told: Mapping[str, Any]) -> dict[str, Any]:
    """The rows of a list of names. Raises ConfigError that names line and column."""
    from linewarden.service.names_file import read_names

    path = Path(told["path"])
    ending, shown = kinds.names(path), display_name(told["name"])
    link = path.with_name(f"{path.name}{ending}")
    link.symlink_to(path)
    try:
        found = read_names(link)
    except LinewardenError as error:
        raise UploadError(str(error).replace(str(link), shown)) from None
    finally:
        link.unlink(missing_ok=True)
    rows = [[str(getattr(row, c) or "") for c in COLUMNS] for row in found.rows]
    return {"columns": list(COLUMNS), "rows": rows}


if __name__ == "__main__":
    main()
