"""DCE/RPC over TCP by impacket: a server that has the interfaces and refuses, and a client as intruders use it."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

from impacket.dcerpc.v5 import drsuapi, nrpc, transport, tsch
from impacket.dcerpc.v5.dtypes import NULL
from impacket.dcerpc.v5.rpcrt import DCERPCException, DCERPCServer

TASK = "<Task><Actions><Exec><Command>cmd.exe</Command></Exec></Actions></Task>"
ACCESS_DENIED = b"\x22\0\0\xc0"
INTERFACES = {
    "task": ("86D35949-83C9-4044-B424-DB363231FD0C", "1.0", tsch.MSRPC_UUID_TSCHS),
    "zerologon": ("12345678-1234-ABCD-EF00-01234567CFFB", "1.0", nrpc.MSRPC_UUID_NRPC),
    "replicate": ("E3514235-4B06-11D1-AB04-00C04FC2DCD2", "4.0", drsuapi.MSRPC_UUID_DRSUAPI),
}


def serve(port: int) -> None:
    server = DCERPCServer()
    server.setListenAddress("0.0.0.0")
    server.setListenPort(port)
    for uuid, version, _ in INTERFACES.values():
        server.addCallbacks((uuid, version), "", dict.fromkeys(range(64), lambda _data: ACCESS_DENIED))
    server.run()


def task(line: Any) -> None:
    tsch.hSchRpcRegisterTask(line, "\\x", TASK, tsch.TASK_CREATE, NULL, tsch.TASK_LOGON_NONE)


def zerologon(line: Any) -> None:
    kind = nrpc.NETLOGON_SECURE_CHANNEL_TYPE.ServerSecureChannel
    nrpc.hNetrServerAuthenticate3(line, "\\\\DC\0", "DC$\0", kind, "DC\0", bytes(8), 0x212FFFFF)


def replicate(line: Any) -> None:
    request = drsuapi.DRSGetNCChanges()
    request["hDrs"] = bytes(20)
    request["dwInVersion"] = 8
    request["pmsgIn"]["tag"] = 8
    request["pmsgIn"]["V8"]["pNC"] = NULL
    request["pmsgIn"]["V8"]["pUpToDateVecDest"] = NULL
    request["pmsgIn"]["V8"]["pPartialAttrSet"] = NULL
    request["pmsgIn"]["V8"]["pPartialAttrSetEx1"] = NULL
    request["pmsgIn"]["V8"]["PrefixTableDest"]["pPrefixEntry"] = NULL
    line.request(request)


def act(whom: str, port: int, kind: str) -> None:
    line = transport.DCERPCTransportFactory(f"ncacn_ip_tcp:{whom}[{port}]").get_dce_rpc()
    line.connect()
    line.bind(INTERFACES[kind][2])
    for _ in range(3):
        with contextlib.suppress(DCERPCException):
            {"task": task, "zerologon": zerologon, "replicate": replicate}[kind](line)


if __name__ == "__main__":
    serve(int(sys.argv[2])) if sys.argv[1] == "serve" else act(sys.argv[2], int(sys.argv[3]), sys.argv[1])
