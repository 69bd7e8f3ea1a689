"""`linewarden console`: pages and API over a configuration or a lake. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
import gc
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError
from linewarden.service import supervisor

if TYPE_CHECKING:
    import uvicorn

    from linewarden.service.options import Commands
    from linewarden.service.schedule import Turn
    from linewarden.service.tls import Transport
    from linewarden.service.workplace import Workplace

TURN_S = 0.001
"""So long a thread that makes a page may go on while others wait: at Python's 5 ms the one that speaks to all browsers
would wait that long for each page in the making, at every piece that it sends.
"""
CYCLES_S = 600.0
"""So often all that is kept is looked through for cycles, s: with a large plant nothing else runs for half a second."""
EXAMPLES = """examples:
  linewarden read line1.pcap --out lake && linewarden console lake     look at what was read
  linewarden console lake --captures captures/                         with the packets that prove what was found
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
    add(
        "--captures",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="PATH",
        help="captures, or folders of them, to show packets of, besides where they were read",
    )
    add("--listen", metavar="ADDRESS:PORT", help="where (default: [console] listen, 127.0.0.1:9443)")


def run_console(args: argparse.Namespace) -> int:
    """Serves until it is asked to end."""
    from linewarden.service.tls import server_context
    from linewarden.service.workplace import config_of, opened

    config = config_of(args.what)
    host, port = address(args.listen) if args.listen else config.console.address
    with opened(config, None if args.what.is_dir() else args.what, args.captures) as place:
        transport = server_context(config)
        if (code := first_code(place)) is not None:
            said = f"There is no account yet. Make the first one in the browser, with this code (24 hours): {code}"
            print(said, flush=True)
        return serve(place, transport, host, port)


def address(text: str) -> tuple[str, int]:
    """Host and port of an option. Raises ConfigError."""
    from linewarden.service.config.base import host_and_port, right_listen

    try:
        return host_and_port(right_listen(text))
    except ValueError as error:
        raise ConfigError(f"--listen {text}: {error}") from None


def first_code(place: Workplace) -> str | None:
    """A code for the first owner, while nobody can sign in."""
    if any(a.usable for a in place.people.store.accounts()):
        return None
    return place.people.onboarding.first_owner(place.site)


def serve(place: Workplace, transport: Transport, host: str, port: int) -> int:
    """Runs the server in this thread; the certificate is renewed meanwhile. Raises ConfigError if it cannot listen."""
    from linewarden.console.rendering import warm
    from linewarden.service.pruning import prune_job
    from linewarden.service.schedule import Job, Schedule
    from linewarden.service.tls.transport import EVERY_S

    jobs = [
        Job("certificate", EVERY_S, transport.renew),
        prune_job(lambda: place.state),
        Job("cycles", CYCLES_S, collect),
    ]
    schedule = Schedule(jobs, _say_what_failed)
    schedule.start()
    place.values.start()
    server = server_of(place, transport, host, port)
    sys.setswitchinterval(TURN_S)
    gc.set_threshold(200_000, 20, 1_000_000)  # all that is kept is looked through by the job alone
    threading.Thread(target=warm, daemon=True).start()
    threading.Thread(target=_say_where, args=(server, host, transport), daemon=True).start()
    try:
        server.run()
    except SystemExit:  # uvicorn's way to say that the address is taken
        raise ConfigError(
            f"{host}:{port}: cannot listen there (in use, or not of this machine); choose another with --listen"
        ) from None
    finally:
        supervisor.tell("STOPPING=1")
        schedule.stop()
    return 0


def collect(_stopping: Callable[[], bool]) -> str:
    """Frees what is in cycles and was kept for long."""
    return f"{gc.collect():,} objects"


def _say_what_failed(turn: Turn) -> None:
    if turn.error:
        print(f"linewarden: {turn.job}: {turn.error}", file=sys.stderr)


def _say_where(server: uvicorn.Server, host: str, transport: Transport) -> None:
    """The address, as soon as it is there; the port also where 0 was asked for."""
    while not server.started and not server.should_exit:
        time.sleep(0.02)
    sockets = [s for found in getattr(server, "servers", ()) for s in found.sockets]
    if not sockets:
        return
    supervisor.tell("READY=1")
    shown = f"[{host}]" if ":" in host else host
    print(f"Linewarden is at https://{shown}:{sockets[0].getsockname()[1]}/", file=sys.stderr)
    if transport.ca_file is not None:
        print(f"Its certificate is signed by this site's own authority: {transport.ca_file}", file=sys.stderr)


def server_of(place: Workplace, transport: Transport, host: str, port: int) -> uvicorn.Server:
    """The server, not started yet: pages and API behind what stands between them and the network."""
    import uvicorn

    from linewarden.api.caller import COOKIE
    from linewarden.api.routes.uploads import PATHS
    from linewarden.console.app import make_console
    from linewarden.service.web import secure, server_options, settings_of

    console = place.config.console
    app = secure(make_console(place), settings_of(console, COOKIE, PATHS))
    options = {**server_options(console, transport), "host": host, "port": port}
    return uvicorn.Server(uvicorn.Config(app, lifespan="off", timeout_graceful_shutdown=3, **options))
