"""Plays one device: `python -m linewarden.exercises.devices NAME CONTEXT`.

The runner starts it in the device's namespace.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from importlib import import_module
from pathlib import Path

from linewarden.exercises.context import Context


def main() -> None:
    """Finds the file of the device's kind and runs it."""
    ctx = Context.load(Path(sys.argv[2]), sys.argv[1])
    ctx.require_inside()
    made = import_module(f"linewarden.exercises.devices.{ctx.device.kind}").run(ctx)
    if inspect.iscoroutine(made):
        asyncio.run(made)


if __name__ == "__main__":
    main()
