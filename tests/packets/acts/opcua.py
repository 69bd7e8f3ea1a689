"""An OPC UA server that offers to encrypt, and a client that does not want to (asyncua)."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from asyncua import Client, Server, ua
from asyncua.crypto.cert_gen import setup_self_signed_certificate


async def serve(address: str, folder: Path) -> None:
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://{address}:4840/line/")
    server.set_security_policy([
        ua.SecurityPolicyType.NoSecurity, ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
    ])  # fmt: skip
    certificate, key = folder / "ua.der", folder / "ua.pem"
    from cryptography.x509.oid import ExtendedKeyUsageOID

    await setup_self_signed_certificate(
        key, certificate, "urn:lw:server", "plc", [ExtendedKeyUsageOID.SERVER_AUTH], {"commonName": "plc"}
    )
    await server.load_certificate(str(certificate))
    await server.load_private_key(str(key))
    async with server:
        await asyncio.Event().wait()


async def read(address: str) -> None:
    async with Client(f"opc.tcp://{address}:4840/line/") as client:
        await client.get_endpoints()
        await client.nodes.server_state.read_value()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[2], Path(sys.argv[3])) if sys.argv[1] == "serve" else read(sys.argv[2]))
