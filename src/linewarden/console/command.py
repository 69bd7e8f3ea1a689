"""`linewarden console`: pages and API over a configuration or a lake. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from linewarden.service.options import Commands
    from linewarden.service.workplace import Workplace

EXAMPLES = """examples:
  linewarden read line1.pcap --out lake && linewarden console lake     look at what was read
  linewarden console linewarden.toml                                   beside the service
  linewarden console lake --listen 127.0.0.1:9000                      at another port
The first time it prints a code, with which the first account is made in the browser. It ends with Ctrl-C.
"""


def add_console(commands: Commands) -> None:
    """Adds the command to the whole grammar."""
    parser = commands.add("console", "look at a plant in a browser; the API for programs", EXAMPLES, run_console)
    add: Any = parser.add_argument
    add("what", type=Path, nargs="?", default=Path("linewarden.toml"), metavar="CONFIG|LAKE",
        help="a configuration file, or the folder of a lake (default: %(default)s)")  # fmt: skip
    add("--listen", default="127.0.0.1:9443", metavar="ADDRESS:PORT", help="where (default: %(default)s)")
    add("--plain", action="store_true", help=argparse.SUPPRESS)


def run_console(args: argparse.Namespace) -> int:
    """Serves until it is asked to end."""
    from linewarden.service.workplace import opened, where_of

    host, port = address(args.listen)
    with opened(where_of(args.what)) as place:
        if (code := first_code(place)) is not None:
            print(f"There is no account yet. Make the first one in the browser, with this code (24 hours): {code}")
        return serve(place, host, port)


def address(text: str) -> tuple[str, int]:
    """`127.0.0.1:9443` as host and port. Raises ConfigError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise ConfigError(f"--listen {text}: write ADDRESS:PORT, such as 127.0.0.1:9443")
    return host.strip("[]"), int(port)


def first_code(place: Workplace) -> str | None:
    """A code for the first owner, while nobody can sign in."""
    if any(a.usable for a in place.people.store.accounts()):
        return None
    return place.people.onboarding.first_owner(place.site)


def serve(place: Workplace, host: str, port: int) -> int:
    """Runs the server in this thread."""
    import uvicorn

    from linewarden.console.app import make_console

    config = uvicorn.Config(
        make_console(place), host=host, port=port, log_config=None, access_log=False, server_header=False,
        lifespan="off", ws="none", timeout_graceful_shutdown=3,
    )  # fmt: skip
    print(f"Linewarden is at http://{host}:{port}/", file=sys.stderr)
    uvicorn.Server(config).run()
    return 0
