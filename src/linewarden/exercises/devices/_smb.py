"""SMB (MS-SMB2): a share and a client, both with impacket; files are harmless ones in the exercise's own folder."""

from __future__ import annotations

import io
import secrets
import threading
from configparser import ConfigParser
from pathlib import Path
from typing import Any

from linewarden.exercises.context import Context

SMB_PORT = 445
USER, PASSWORD = "line1", "Bottle2026"
"""The same local account on every Windows machine of the plant, as it is often found."""


def serve_share(ctx: Context, share: str, folder: Path) -> None:
    """Serves `folder` in a thread of its own."""
    from impacket.ntlm import compute_lmhash, compute_nthash
    from impacket.smbserver import SMBSERVER

    # impacket's SimpleSMBServer calls itself by random letters; its server as such can be told a name.
    config = ConfigParser(interpolation=None)
    config["global"] = {
        "server_name": ctx.name.upper(), "server_os": "Windows 10 Enterprise LTSC", "server_domain": "PLANT",
        "log_file": "None", "credentials_file": "", "challenge": secrets.token_hex(8), "SMB2Support": "True",
        "anonymous_logon": "False",
    }  # fmt: skip
    described = {"comment": f"{ctx.name} {share.lower()}", "read only": "no", "share type": "0", "path": str(folder)}
    config[share] = described
    config["IPC$"] = {**described, "comment": "", "read only": "yes", "share type": "3", "path": ""}
    server = SMBSERVER((ctx.own, ctx.port(SMB_PORT)), config_parser=config)
    server.processConfigFile()
    # impacket keeps hashes in hexadecimal; given as bytes they would be taken for text.
    server.addCredential(USER, 0, compute_lmhash(PASSWORD).hex(), compute_nthash(PASSWORD).hex())
    threading.Thread(target=server.serve_forever, daemon=True).start()


class Share:
    """A client's session with one share."""

    def __init__(self, ctx: Context, name: str, share: str, user: str = USER, password: str = PASSWORD) -> None:
        from impacket.smbconnection import SMBConnection

        self._share = share
        place = ctx.address(name)
        self.wire: Any = SMBConnection(
            name.upper(), place, myName=ctx.name.upper(), sess_port=ctx.port(SMB_PORT), timeout=10
        )
        self.wire.login(user, password)

    def files(self) -> list[str]:
        """Names of the files."""
        listed = self.wire.listPath(self._share, "*")
        return [entry.get_longname() for entry in listed if not entry.is_directory()]

    def read(self, name: str) -> bytes:
        """Content of a file."""
        into = io.BytesIO()
        self.wire.getFile(self._share, name, into.write)
        return into.getvalue()

    def write(self, name: str, content: bytes) -> None:
        """Writes a file, in place of what was there."""
        self.wire.putFile(self._share, name, io.BytesIO(content).read)

    def rename(self, old: str, new: str) -> None:
        """Renames a file."""
        self.wire.rename(self._share, old, new)

    def close(self) -> None:
        """Ends the session."""
        self.wire.close()
