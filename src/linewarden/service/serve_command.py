"""`linewarden serve`: the grammar, and the service's life from configuration to exit code."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import CaptureError

if TYPE_CHECKING:
    from linewarden.service.options import Commands

SERVE = """examples:
  linewarden config example > linewarden.toml     every key, with its meaning and default
  linewarden config check linewarden.toml         what is wrong in it, and what would run
  sudo linewarden serve linewarden.toml           until Ctrl-C or SIGTERM
  curl http://127.0.0.1:9480/healthz              is all well? /readyz, /status and /metrics too
Root opens the interfaces and then becomes a user without rights, as with `watch`. As a systemd service: docs/serve.md.
"""


def add_serve(commands: Commands) -> None:
    """Adds the command to the whole grammar."""
    serve = commands.add("serve", "run it all: sensors, lake, state, schedule, health, metrics", SERVE, run_serve)
    serve.add_argument("config", type=Path, metavar="CONFIG.toml", help="the configuration")
    serve.add_argument("--quiet", action="store_true", help="only warnings and errors in the log")


def run_serve(args: argparse.Namespace) -> int:
    """Runs until it is asked to end. Raises CaptureError if a sensor ends by itself."""
    from linewarden.service.config import load_config
    from linewarden.service.logs import begin_logging
    from linewarden.service.serving import Service, plan_of
    from linewarden.service.watch_screen import asked_to_end

    config = load_config(args.config)
    log = begin_logging("warning" if args.quiet else config.service.log.level, config.service.log.format,
                        config.service.log.file)  # fmt: skip
    service = Service(plan_of(config, args.config.absolute()), log)
    with asked_to_end() as should_end:
        if why := service.run(should_end):
            raise CaptureError(why)
    return 0
