"""The collector with the log and the lake behind it, as a process that can be killed.

usage: python -m tests.collectors.opcua_runner SETTINGS FOLDER
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

from linewarden.collectors.opcua import KIND, OpcUa
from linewarden.service.board import Board
from linewarden.service.collecting.collectors import Collecting, Collectors
from linewarden.service.collecting.running import Source


def collectors(settings: OpcUa, folder: Path) -> Collectors:
    """With what an earlier run left in the folder."""
    sources = (Source(KIND, "line", settings),)
    collecting = Collecting(sources, folder / "spool", folder / "lake", "works")
    return Collectors(collecting, Board(()), lambda name, text: print(f"{name}: {text}", file=sys.stderr, flush=True))


def main() -> None:
    """Until it is killed."""
    given: dict[str, Any] = json.loads(sys.argv[1])
    for key in ("pki", "state"):
        given[key] = Path(given[key])
    collectors(OpcUa(**{**given, "trees": tuple(given["trees"])}), Path(sys.argv[2])).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
