"""The machine vendor's remote-access box: a TLS gateway that lets who has a login through to the line (HTTP CONNECT).

RFC 9110, 9.3.6. It reports to the vendor's cloud. One account, no second factor.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl

from linewarden.exercises.context import Context
from linewarden.exercises.devices._http import Answer, Request, fetch, read_head, render
from linewarden.exercises.devices._tls import client_tls, server_tls
from linewarden.exercises.pace import aticks, keep, say, together

HTTPS_PORT = 443
LOGIN = ("service", "Bottling!2025")
BANNER = "RA-Gate"


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    peer = writer.get_extra_info("peername")[0]
    try:
        first, headers = await read_head(reader)
        method, target, _ = first.split(" ", 2)
        request = Request(method, target, headers, b"", str(peer))
        if request.login() != LOGIN:
            writer.write(render(Answer(407, "login"), BANNER))
        elif method != "CONNECT":
            writer.write(render(Answer(200, "RA-Gate 100"), BANNER))
        else:
            host, _, port = target.rpartition(":")
            say(f"{peer} is let through to {target}")
            far_reader, far_writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), 5)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        await writer.drain()
    except (OSError, EOFError, ValueError, TimeoutError) as error:
        say(f"{peer}: {type(error).__name__}: {error}")
    finally:
        writer.close()


async def _serve(ctx: Context) -> None:
    tls = server_tls(ctx.home(), "ra-gate.vendor.example", ctx.device.vendor, ssl.TLSVersion.TLSv1_2)
    server = await asyncio.start_server(_talk, ctx.own, ctx.port(HTTPS_PORT), ssl=tls)
    async with server:
        await server.serve_forever()


async def _report(ctx: Context) -> None:
    """Tells the vendor's cloud that it is there."""
    cloud = ctx.address("vendor-cloud")
    async for _ in aticks(15.0):
        body = b'{"serial": "' + ctx.device.serial.encode() + b'"}'
        await fetch(cloud, ctx.port(HTTPS_PORT), "/v1/alive", method="POST", body=body, tls=client_tls(),
                    host="ra.vendor.example", agent="RA-Gate/5.1")  # fmt: skip


async def run(ctx: Context) -> None:
    """Gateway and report."""
    await together(_serve(ctx), keep("cloud", lambda: _report(ctx), pause=5.0))
