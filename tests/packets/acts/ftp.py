"""An FTP server with one account, and a client (RFC 959) that signs in and leaves a file."""

from __future__ import annotations

import io
import socket
import sys
import threading
from ftplib import FTP, error_perm

ACCOUNT = ("service", "Kaskade-41")


def serve() -> None:
    with socket.create_server(("", 21)) as door:
        while True:
            threading.Thread(target=_session, args=door.accept()[:1], daemon=True).start()


def _session(line: socket.socket) -> None:
    data: socket.socket | None = None
    user = ""
    with line, line.makefile("rwb") as talk:

        def say(text: str) -> None:
            talk.write(text.encode() + b"\r\n")
            talk.flush()

        say("220 panel ready")
        for raw in talk:
            verb, _, rest = raw.decode().strip().partition(" ")
            if verb == "USER":
                user = rest
                say("331 password?")
            elif verb == "PASS":
                say("230 in" if (user, rest) == ACCOUNT else "530 no")
            elif verb == "PASV":
                data = socket.create_server((line.getsockname()[0], 0))
                host, port = data.getsockname()
                say(f"227 here ({host.replace('.', ',')},{port >> 8},{port & 255})")
            elif verb == "STOR" and data is not None:
                say("150 go on")
                with data, data.accept()[0] as file:
                    while file.recv(65_536):
                        pass
                say("226 stored")
            elif verb == "QUIT":
                say("221 bye")
                break
            else:
                say("200 ok")


def put(whom: str, name: str, user: str, password: str) -> None:
    with FTP(whom, timeout=10) as line:
        line.login(user, password)
        line.storbinary(f"STOR {name}", io.BytesIO(b"MZ" + bytes(4000)))


def guess(whom: str, times: int) -> None:
    for n in range(times):
        with FTP(whom, timeout=10) as line:
            try:
                line.login("service", f"summer{n}")
            except error_perm:
                continue


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    elif sys.argv[1] == "put":
        put(*sys.argv[2:])
    else:
        guess(sys.argv[2], int(sys.argv[3]))
