"""The collector as a process that can be killed: python -m tests.collectors.opcua_runner SETTINGS ROWS."""

from __future__ import annotations

import json
import os
import sys
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from linewarden.collectors.contract import Samples
from linewarden.collectors.opcua import OpcUa, run
from tests.collectors.opcua_house import MemorySink


class FileSink(MemorySink):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._file = open(path, "a")  # noqa: SIM115 - as long as the process

    def put(self, samples: Samples) -> Future[None]:
        rows = zip(samples.tag, samples.value, samples.source_ts, strict=True)
        self._file.write("".join(f"{self.tags[t].name} {v} {at}\n" for t, v, at in rows))
        self._file.flush()
        os.fsync(self._file.fileno())
        future: Future[None] = Future()
        future.set_result(None)
        return future


given: dict[str, Any] = json.loads(sys.argv[1])
for key in ("pki", "state"):
    given[key] = Path(given[key])
run(OpcUa(**{**given, "trees": tuple(given["trees"])}), FileSink(sys.argv[2]), threading.Event())
