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
    """A stream, what fields are called in it, fields whose values mean something else, and values by other names."""

    stream: str
    names: Mapping[str, str] = field(default_factory=dict)
    other: frozenset[str] = frozenset()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def column(self, name: str) -> str:
        """Our column of a field. RuleError where the values would not be comparable."""
        if name in self.other:
            raise RuleError(
                f"{name}: the stream {self.stream} has this in other words; use `linewarden streams {self.stream}`"
            )
        return self.names.get(name, ENDS.get(name, name))


_SERVICES = {"ssl": "tls", "dce_rpc": "dcerpc", "dnp3_tcp": "dnp3", "dnp3_udp": "dnp3"}
_MODBUS = {"REPORT_SLAVE_ID": "report_server_id", "ENCAP_INTERFACE_TRANSPORT": "encapsulated_interface_transport"}
_TLS = {"certificate.subject": "subject", "certificate.issuer": "issuer", "certificate.serial": "serial"}
_ZEEK_VERSIONS = frozenset({"version", "established", "curve", "resumed"})

ZEEK: Mapping[str, Source] = {
    "conn": Source("conn", values={"service": _SERVICES}),
    "dns": Source("dns", {"TTLs": "TTL"}, frozenset({"rtt", "rejected"})),
    "http": Source(
        "http",
        {
            "c-uri": "uri", "c-useragent": "user_agent", "cs-host": "host", "cs-method": "method",
            "sc-status": "status_code", "cs-referrer": "referrer", "resp_mime_types": "resp_mime_type",
            "orig_mime_types": "orig_mime_type",
        },
    ),
    "modbus": Source("modbus", {"func": "function", "exception": "exception_name"}, values={"function": _MODBUS}),
    "dnp3": Source("dnp3", {"fc_request": "function"}, frozenset({"fc_reply"})),
    "ssl": Source("tls", other=_ZEEK_VERSIONS),
    "x509": Source("tls", _TLS, frozenset({"certificate.version"})),
    "ssh": Source("ssh", other=frozenset({"version"})),
    "ftp": Source("ftp", {"command": "function", "user": "username", "arg": "argument"}),
    "rdp": Source("rdp", {"cookie": "username"}, frozenset({"result"})),
    "smb_files": Source("smb", other=frozenset({"action"})),
    "dce_rpc": Source("dcerpc", {"endpoint": "interface"}),
    "dhcp": Source("dhcp"),
    "snmp": Source("snmp", other=frozenset({"version"})),
    "weird": Source("weird"),
}  # fmt: skip
"""Logs of Zeek, by Sigma's `service`."""

GENERIC: Mapping[str, Source] = {
    "dns": Source("dns", {"answer": "answers", "record_type": "qtype_name"}),
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
        return Source(stream)
    if product == "zeek":
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
