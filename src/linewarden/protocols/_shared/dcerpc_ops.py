"""DCE/RPC: names of the operations that matter, what they do, and the few of their arguments that tell.

Source: [MS-SCMR] 3.1.4 (services), [MS-SAMR] 3.1.5 (accounts), [MS-LSAD] 3.1.4 and [MS-LSAT] 3.1.4 (policy), [MS-DRSR]
4.1 (replication), [MS-NRPC] 3.5.4 (logon), [MS-TSCH] 3.2.5 (tasks), [MS-RRP] 3.1.5 (registry), [MS-SRVS] 3.1.4,
[MS-WKST] 3.2.4, [MS-DCOM] 3.1.2.5, [MS-RPRN] 3.1.4, [MS-EVEN] 3.1.4, C706 appendix O (endpoint mapper); [MS-RPCE]
2.2.4 and C706 chapter 14 (NDR). Of a credential it is said only whether all of it is zero, never its value.
"""

from __future__ import annotations

from linewarden.protocols._shared import dcerpc as rpc, layout as l
from linewarden.records import Verb

_OPERATIONS: dict[str, dict[int, str]] = {
    "service_control": {
        0: "CloseServiceHandle", 1: "ControlService", 2: "DeleteService", 6: "QueryServiceStatus",
        11: "ChangeServiceConfigW", 12: "CreateServiceW", 14: "EnumServicesStatusW", 15: "OpenSCManagerW",
        16: "OpenServiceW", 17: "QueryServiceConfigW", 19: "StartServiceW", 24: "CreateServiceA", 27: "OpenSCManagerA",
        28: "OpenServiceA", 31: "StartServiceA", 42: "EnumServicesStatusExW", 44: "CreateServiceWOW64A",
        45: "CreateServiceWOW64W", 50: "ControlServiceExA", 51: "ControlServiceExW", 60: "CreateWowService",
        64: "OpenSCManager2"},
    "account_manager": {
        0: "SamrConnect", 5: "SamrLookupDomainInSamServer", 6: "SamrEnumerateDomainsInSamServer", 7: "SamrOpenDomain",
        12: "SamrCreateUserInDomain", 13: "SamrEnumerateUsersInDomain", 17: "SamrLookupNamesInDomain",
        22: "SamrAddMemberToGroup", 31: "SamrAddMemberToAlias", 34: "SamrOpenUser", 35: "SamrDeleteUser",
        36: "SamrQueryInformationUser", 37: "SamrSetInformationUser", 38: "SamrChangePasswordUser",
        50: "SamrCreateUser2InDomain", 55: "SamrUnicodeChangePasswordUser2", 57: "SamrConnect2",
        58: "SamrSetInformationUser2", 62: "SamrConnect4", 64: "SamrConnect5"},
    "local_security": {
        6: "LsarOpenPolicy", 7: "LsarQueryInformationPolicy", 14: "LsarLookupNames", 15: "LsarLookupSids",
        28: "LsarOpenSecret", 37: "LsarAddAccountRights", 42: "LsarStorePrivateData", 43: "LsarRetrievePrivateData",
        44: "LsarOpenPolicy2", 76: "LsarLookupSids3", 77: "LsarLookupNames4"},
    "directory_replication": {0: "DRSBind", 1: "DRSUnbind", 2: "DRSReplicaSync", 3: "DRSGetNCChanges",
                              5: "DRSReplicaAdd", 12: "DRSCrackNames", 16: "DRSDomainControllerInfo"},
    "netlogon": {
        2: "NetrLogonSamLogon", 4: "NetrServerReqChallenge", 5: "NetrServerAuthenticate", 6: "NetrServerPasswordSet",
        15: "NetrServerAuthenticate2", 20: "DsrGetDcName", 21: "NetrLogonGetCapabilities",
        26: "NetrServerAuthenticate3",
        29: "NetrLogonGetDomainInfo", 30: "NetrServerPasswordSet2", 31: "NetrServerPasswordGet",
        34: "DsrGetDcNameEx2", 39: "NetrLogonSamLogonEx", 40: "DsrEnumerateDomainTrusts",
        45: "NetrLogonSamLogonWithFlags", 46: "NetrServerGetTrustInfo"},
    "at_scheduler": {0: "NetrJobAdd", 1: "NetrJobDel", 2: "NetrJobEnum", 3: "NetrJobGetInfo"},
    "task_scheduler": {0: "SchRpcHighestVersion", 1: "SchRpcRegisterTask", 2: "SchRpcRetrieveTask",
                       7: "SchRpcEnumTasks", 12: "SchRpcRun", 13: "SchRpcDelete", 14: "SchRpcRename"},
    "registry": {0: "OpenClassesRoot", 1: "OpenCurrentUser", 2: "OpenLocalMachine", 5: "BaseRegCloseKey",
                 6: "BaseRegCreateKey", 7: "BaseRegDeleteKey", 8: "BaseRegDeleteValue", 9: "BaseRegEnumKey",
                 10: "BaseRegEnumValue", 15: "BaseRegOpenKey", 17: "BaseRegQueryValue", 20: "BaseRegSaveKey",
                 22: "BaseRegSetValue"},
    "endpoint_mapper": {2: "ept_lookup", 3: "ept_map"},
    "server_service": {12: "NetrSessionEnum", 14: "NetrShareAdd", 15: "NetrShareEnum", 16: "NetrShareGetInfo",
                       18: "NetrShareDel", 21: "NetrServerGetInfo", 28: "NetrRemoteTOD"},
    "workstation_service": {0: "NetrWkstaGetInfo", 2: "NetrWkstaUserEnum"},
    "remote_activation": {3: "RemoteGetClassObject", 4: "RemoteCreateInstance"},
    "object_exporter": {0: "ResolveOxid", 1: "SimplePing", 2: "ComplexPing", 3: "ServerAlive", 4: "ResolveOxid2",
                        5: "ServerAlive2"},
    "print_spooler": {1: "RpcOpenPrinter", 9: "RpcAddPrinterDriver", 29: "RpcClosePrinter",
                      65: "RpcRemoteFindFirstPrinterChangeNotificationEx", 89: "RpcAddPrinterDriverEx"},
    "event_log": {0: "ElfrClearELFW", 7: "ElfrOpenELW", 10: "ElfrReadELW"},
}  # fmt: skip

_NUMBERS = {name: number for number, name in rpc.INTERFACES.items()}


def _key(interface: str, opnum: int) -> int:
    """As `_operation` makes it: 64 bit, signed, around the corner."""
    return (_NUMBERS[interface] + opnum + (1 << 63)) % (1 << 64) - (1 << 63)


OPERATIONS = {_key(i, n): name for i, named in _OPERATIONS.items() for n, name in named.items()}
"""Names by interface number plus operation number."""
RETURNS = {0: "ok", 2: "file_not_found", 5: "access_denied", 1056: "service_already_running",
           1060: "service_does_not_exist", 1062: "service_not_started", 1072: "service_marked_for_delete",
           1073: "service_exists", 0x00000103: "no_more_items", 0xC0000022: "access_denied",
           0xC000018B: "no_trust_account", 0xC0000388: "downgrade_detected"}  # fmt: skip


def _of(interface: str, *numbers: int) -> tuple[int, ...]:
    return tuple(_key(interface, n) for n in numbers)


def _string(slot: str | None) -> l.Ops:
    """A conformant and varying string of UTF-16 (C706 14.3.4.2), after its pointer if it has one."""
    read: l.Op = l.Bytes(slot, l.F("length") * 2) if slot else l.Skip(l.F("length") * 2)
    return [l.Skip((4 - l.Pos() % 4) % 4), l.Skip(8), l.U32("length", le=True),
            l.Let("length", l.F("length") & 0x7FFF), read]


def _optional(slot: str | None) -> l.Ops:
    return [l.Skip((4 - l.Pos() % 4) % 4), l.U32("length", le=True), l.If(l.F("length"), _string(slot))]


_PRIVACY = 6
_ZERO = l.Let("zero_credential", l.both(l.Left() >= 8, l.Peek(8).eq(0)))

_ARGUMENTS: dict[int | tuple[int, ...] | range, l.Ops] = {
    # A handle of 20 octets; name; perhaps a name to show; rights, type, start, errors; the program.
    _of("service_control", 12, 45, 60): [
        l.Do(Verb.CONFIGURE, "service"), l.Skip(20), *_string("object"), *_optional(None),
        l.Skip((4 - l.Pos() % 4) % 4), l.Skip(16), *_string("program")],
    _of("service_control", 16): [l.Skip(20), *_string("object")],
    _of("service_control", 2, 11, 24, 44): [l.Do(Verb.CONFIGURE, "service")],
    _of("service_control", 19, 31): [l.Do(Verb.START, "service")],
    _of("service_control", 1, 50, 51): [
        l.Do(Verb.CONFIGURE, "service"), l.Skip(20), l.If(l.Peek(4, le=True).eq(1), [l.Do(Verb.STOP, "service")])],
    _of("netlogon", 4): [*_optional(None), *_string("object"), _ZERO],
    _of("netlogon", 5, 15, 26): [
        l.Do(Verb.AUTHENTICATE, "netlogon"), *_optional(None), *_string("object"), l.Skip(2), *_string(None), _ZERO],
    _of("netlogon", 6, 30): [l.Do(Verb.CONFIGURE, "machine account"), *_optional(None), *_string("object")],
    _of("account_manager", 12, 22, 31, 35, 37, 50, 58): [l.Do(Verb.CONFIGURE, "account")],
    _of("local_security", 37, 42): [l.Do(Verb.CONFIGURE, "policy")],
    _of("directory_replication", 3): [l.Do(Verb.READ, "directory")],
    (*_of("at_scheduler", 0, 1), *_of("task_scheduler", 1, 13, 14)): [l.Do(Verb.CONFIGURE, "task")],
    _of("task_scheduler", 12): [l.Do(Verb.START, "task")],
    _of("registry", 6, 7, 8, 22): [l.Do(Verb.CONFIGURE, "registry")],
    _of("server_service", 14, 18): [l.Do(Verb.CONFIGURE, "share")],
    _of("event_log", 0): [l.Do(Verb.CONFIGURE, "event log")],
    _of("print_spooler", 9, 89): [l.Do(Verb.CONFIGURE, "printer driver")],
}

ARGUMENTS: l.Ops = [l.Switch("operation", _ARGUMENTS)]
"""What a call does, and whom it names; the cursor stands at its stub. A program of its own: it is long."""


_SEALED = l.F("protection").eq(_PRIVACY)
_PROTECTION: l.Ops = [
    # The trailer before a signature: what checks it, and how much is protected.
    l.Let("protection", 0), l.If(l.Peek(2, 10, le=True, whence="start"), [
        l.At(l.Size() - l.Peek(2, 10, le=True, whence="start") - 8, [l.Let("protection", l.Peek(1, 1))])]),
]


def called(interface: l.Expr) -> l.Ops:
    """From a request packet's number of the context on (`interface` may look at the slot "rpc_context")."""
    key = interface + l.F("opnum")
    return [
        l.U16("rpc_context", le=True), l.U16("opnum", le=True), *_PROTECTION,
        l.If(interface.among(*rpc.INTERFACES), [l.Let("interface", interface)]),
        l.If(key.among(*OPERATIONS), [
            l.Let("operation", key),
            # A stub that is sealed tells nothing, one in pieces not all. An object's UUID may stand before it.
            l.If(l.both(l.Peek(1, 3, whence="start") & 2, _SEALED.eq(0)), [
                l.If(l.Peek(1, 3, whence="start") & 0x80, [l.Skip(16)]),
                l.Within(None, [l.Call("rpc_arguments")])])]),
    ]


RETURNED: l.Ops = [
    # In a last fragment without a trailer the last four octets are what the operation returns.
    l.If(l.both(l.Has("operation"), l.Peek(2, 10, le=True, whence="start").eq(0), l.Size() >= 28,
                l.Peek(1, 3, whence="start") & 2),
         [l.Let("returned", l.Peek(4, -4, le=True, whence="start"))]),
]

_PIPE_CONTEXTS = 4
_PIPE = l.F("file_id") * _PIPE_CONTEXTS


def _in_pipe(context: l.Expr) -> l.Expr:
    """The interface that a bind in this pipe gave to a context."""
    return l.Known("rpc_interface", _PIPE + context % _PIPE_CONTEXTS)


_BIND: l.Ops = [
    l.Skip(24), l.U8("length"), l.Skip(3), l.Repeat([
        l.U16("rpc_context", le=True), l.U8("length"), l.Skip(1), l.Let("number", rpc.interface()),
        l.Remember("rpc_interface", l.F("number"), key=_PIPE + l.F("rpc_context") % _PIPE_CONTEXTS),
        l.If(l.F("number").among(*rpc.INTERFACES), [l.Let("interface", l.F("number"))]),
        l.Skip(20 + l.F("length") * 20)], count=l.F("length"), limit=8),
]

IN_PIPE: l.Ops = [
    # A packet in a pipe, from its head on; `file_id` names the pipe.
    l.Let("kind", l.Peek(1, 2)),
    l.If(l.either(l.Has("rpc_type").eq(0), l.F("kind").ne(rpc.RESPONSE)), [l.Let("rpc_type", l.F("kind"))]),
    l.Switch("kind", {
        (rpc.BIND, rpc.ALTER): _BIND,
        rpc.REQUEST: [l.Skip(20), *called(_in_pipe(l.F("rpc_context")))],
        rpc.RESPONSE: RETURNED,
    }),
]
"""The program "rpc"."""

COLUMNS = (
    l.Col("interface", "str", "remote call: interface by name, if it is a known one", names=rpc.INTERFACES),
    l.Col("opnum", "u16", "remote call: operation that is called"),
    l.Col("operation", "str", "remote call: its name, if it is a known one", names=OPERATIONS),
    l.Col("object", "text", "remote call: service, account or computer that it names", render="utf16le"),
    l.Col("program", "text", "remote call: program of the service that is made", render="utf16le"),
    l.Col("zero_credential", "bool", "remote call: Netlogon challenge or credential has no bit set (Zerologon)"),
    l.Col("returned", "str", "remote call: what a known operation returns", names=RETURNS, fallback="hex8"),
)
