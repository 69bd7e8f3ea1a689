"""Which log sources of Sigma are streams of ours, and what their fields are called here.

Names that are equal need no line here. Facts: the Sigma specification's log sources and field taxonomy, and the field
names of Zeek's logs (docs.zeek.org), beside our own columns (docs/reference/records.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from linewarden.detections.rules.columns import RuleError, known_stream

ENDS = {
    "id_orig_h": "id.orig_h", "id_orig_p": "id.orig_p", "id_resp_h": "id.resp_h", "id_resp_p": "id.resp_p",
    "src_ip": "id.orig_h", "src_port": "id.orig_p", "dst_ip": "id.resp_h", "dst_port": "id.resp_p",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """Streams (the same fields are asked of each), what fields are called in them, and values by other names.

    `other`: fields whose values are other ones here, so that no rule about them would mean the same.
    """

    streams: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    other: frozenset[str] = frozenset()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def column(self, name: str) -> str:
        """Our column of a field. RuleError where the values would not be comparable."""
        if name in self.other:
            here = self.streams[0]
            raise RuleError(f"{name}: the stream {here} has this in other words; use `linewarden streams {here}`")
        return self.names.get(name, ENDS.get(name, name))

    def value(self, column: str, text: str) -> str:
        """What we write where the source has this text."""
        return self.values.get(column, {}).get(text.lower(), text)


_SERVICES = {"ssl": "tls", "dce_rpc": "dcerpc", "dnp3_tcp": "dnp3", "dnp3_udp": "dnp3"}
_MODBUS = {"report_slave_id": "report_server_id", "encap_interface_transport": "encapsulated_interface_transport"}
_INTERFACES = {
    "svcctl": "service_control", "samr": "account_manager", "lsarpc": "local_security", "winreg": "registry",
    "drsuapi": "directory_replication", "atsvc": "at_scheduler", "itaskschedulerservice": "task_scheduler",
    "epmapper": "endpoint_mapper", "srvsvc": "server_service", "wkssvc": "workstation_service",
    "spoolss": "print_spooler", "eventlog": "event_log", "iwbemservices": "wmi_services",
    "iwbemlevel1login": "wmi_login", "isystemactivator": "remote_activation", "iobjectexporter": "object_exporter",
}  # fmt: skip
"""Interfaces of remote calls by the short names that Windows gives their pipes and objects."""
_HTTP = {
    "c-uri": "uri", "c-useragent": "user_agent", "cs-host": "host", "cs-method": "method", "sc-status": "status_code",
    "cs-referrer": "referrer",
}  # fmt: skip
_TLS = {"certificate.subject": "subject", "certificate.issuer": "issuer"}

ZEEK: Mapping[str, Source] = {
    "conn": Source(("conn",), values={"service": _SERVICES}),
    "dns": Source(("dns", "dns_tcp"), {"TTLs": "TTL"}, frozenset({"rtt", "rejected"})),
    # Zeek looks into a file for its type; we have what the server says of it.
    "http": Source(("http",), _HTTP, frozenset({"resp_mime_types", "orig_mime_types"})),
    "modbus": Source(("modbus",), {"func": "function", "exception": "exception_name"}, values={"function": _MODBUS}),
    "dnp3": Source(("dnp3",), {"fc_request": "function"}, frozenset({"fc_reply"})),
    "ssl": Source(("tls",), other=frozenset({"version", "established", "curve", "resumed"})),
    "x509": Source(("tls",), _TLS, frozenset({"certificate.version", "certificate.serial"})),
    "ssh": Source(("ssh",), other=frozenset({"version"})),
    "ftp": Source(("ftp",), {"command": "function", "user": "username", "arg": "argument"}),
    "rdp": Source(("rdp",), {"cookie": "username"}, frozenset({"result"})),
    "smb_files": Source(("smb",), other=frozenset({"action"})),
    # Zeek has remote calls in one log, be they made over TCP or in a pipe of SMB.
    "dce_rpc": Source(("dcerpc", "smb"), {"endpoint": "interface"}, values={"interface": _INTERFACES}),
    "dhcp": Source(("dhcp",)),
    "snmp": Source(("snmp",), other=frozenset({"version"})),
}
"""Logs of Zeek, by Sigma's `service`."""

GENERIC: Mapping[str, Source] = {
    "dns": Source(("dns", "dns_tcp"), {"answer": "answers", "record_type": "qtype_name"}),
}
"""Categories of Sigma that any product may fill."""


def source_of(product: str | None, category: str | None, service: str | None) -> Source:
    """The stream of a log source. Raises RuleError if there is none."""
    if product == "linewarden":
        stream = category or service
        if stream is None:
            raise RuleError("logsource.category: is missing; name a stream (`linewarden streams`)")
        try:
            known_stream(stream)
        except RuleError as error:
            raise RuleError(f"logsource.{'category' if category else 'service'}: {error}") from None
        return Source((stream,))
    if product == "zeek":
        service = service or category
        if service is not None and service in ZEEK:
            return ZEEK[service]
        raise RuleError(
            f"logsource.service: {service or 'none'} of Zeek is no stream of ours; there are: {', '.join(ZEEK)}"
        )
    if product is None and service is None and category is not None and category in GENERIC:
        return GENERIC[category]
    said = "/".join(part or "-" for part in (category, product, service))
    raise RuleError(f"logsource: {said} (category/product/service) is not what a network sensor sees; "
                 "use product: linewarden with category: a stream, or product: zeek")  # fmt: skip
