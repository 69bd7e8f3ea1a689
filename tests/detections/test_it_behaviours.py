"""Detections around computers: certificates, passwords, tunnels, programs, remote calls, stopped services."""

from __future__ import annotations

from typing import Any

import pytest

from linewarden.detections.catalogue import detection
from linewarden.detections.knowledge import Knowledge, Role
from linewarden.detections.run import Told
from tests.detections.build import play

PC, PLC, HISTORIAN, OUTSIDE = "10.0.0.66", "10.0.0.1", "10.0.3.5", "8.8.4.4"
PLANT = Knowledge(
    roles={PLC: Role.CONTROLLER, HISTORIAN: Role.HISTORIAN}, levels={PLC: 1.0, HISTORIAN: 3.0, OUTSIDE: 5.0}
)
TO_PLC = {"id.orig_h": PC, "id.resp_h": PLC, "id.resp_p": 443}
Row = dict[str, Any]


def told(name: str, stream: str, *rows: Row, known: Knowledge = PLANT) -> list[Told]:
    return play(detection(name), {stream: rows}, known)


def weights(found: list[Told]) -> list[str]:
    return [t.notice.severity for t in found]


GOOD = {
    **TO_PLC, "subject": "CN=plc-1", "issuer": "CN=plant CA", "not_before": "2020-01-01T00:00:00Z", "is_orig": False,
    "not_after": "2030-01-01T00:00:00Z", "key_type": "rsa", "key_bits": 2048, "signature": "sha256WithRSAEncryption",
    "self_signed": False,
}  # fmt: skip


@pytest.mark.parametrize(("flaw", "word", "severity"), [
    ({"not_after": "2023-11-14T22:13:19Z"}, "expired", "low"),
    ({"not_before": "2023-11-14T22:13:21Z"}, "not yet valid", "low"),
    ({"key_bits": 1024}, "short key", "low"),
    ({"key_type": "ecdsa", "key_bits": 192}, "short key", "low"),
    ({"signature": "sha1WithRSAEncryption"}, "weak hash", "low"),
    ({"self_signed": True}, "self-signed", "info"),
    ({"not_after": None, "version": "TLSv10"}, "TLS 1.0", "low"),
])  # fmt: skip
def test_each_flaw_of_a_certificate_is_named(flaw: Row, word: str, severity: str) -> None:
    [one] = told("weak_certificate", "tls", {**GOOD, **flaw})
    assert word in one.notice.msg and one.notice.severity == severity
    assert one.notice.msg.startswith(PLC)


def test_a_certificate_that_is_good_until_this_second_is_good() -> None:
    assert told("weak_certificate", "tls", {**GOOD, "not_after": "2023-11-14T22:13:20Z"}) == []
    assert told("weak_certificate", "tls", {**GOOD, "key_type": "ecdsa", "key_bits": 256}) == []


def test_certificates_of_the_internet_are_not_the_plants() -> None:
    assert told("weak_certificate", "tls", {**GOOD, "key_bits": 1024, "id.resp_h": OUTSIDE}) == []


def test_who_shows_a_certificate_of_opc_ua() -> None:
    """The client's stands in the request, the server's in the answer; signing oneself is usual there."""
    weak = {**GOOD, "id.resp_p": 4840, "is_orig": True, "key_bits": 1024, "self_signed": True}
    client, server = told("weak_certificate", "opcua", weak, {**weak, "resp_frame": 2})
    assert client.notice.msg.startswith(PC) and server.notice.msg.startswith(PLC)
    assert "self-signed" not in client.notice.msg


LOGIN = {**TO_PLC, "verb": "authenticate", "protocol": "http", "function": "basic", "target": "http basic, clear text"}


@pytest.mark.parametrize(("row", "severity"), [
    ({}, "medium"),
    ({"id.resp_h": "10.0.9.9"}, "low"),
    ({"id.resp_h": "10.0.9.9", "protocol": "vnc", "target": "vnc, no password"}, "medium"),
])  # fmt: skip
def test_a_password_in_clear_weighs_more_into_the_plant(row: Row, severity: str) -> None:
    assert weights(told("cleartext_password", "command", {**LOGIN, **row})) == [severity]


@pytest.mark.parametrize("target", ["http digest", "mqtt, anonymous", "ftp, no password", "vnc", None])
def test_other_logins_carry_no_password_in_clear(target: str | None) -> None:
    assert told("cleartext_password", "command", {**LOGIN, "target": target}) == []


def test_settings_changed_with_a_well_known_community() -> None:
    change = {**TO_PLC, "id.resp_h": "10.0.9.9", "pdu_name": "set_request", "version": "1", "community": "private"}
    [well_known] = told("cleartext_password", "snmp", change)
    assert "'private'" in well_known.notice.msg and well_known.notice.severity == "medium"
    [own] = told("cleartext_password", "snmp", {**change, "community": "k3tchup"})
    assert "k3tchup" not in own.notice.msg + own.notice.why and own.notice.severity == "low"
    assert told("cleartext_password", "snmp", {**change, "pdu_name": "get_request"}) == []


@pytest.mark.parametrize(("who", "whom", "severity"), [
    (PC, PLC, "high"), (HISTORIAN, PLC, "medium"), (PC, "10.0.9.9", "medium"), (OUTSIDE, PLC, "critical"),
    (OUTSIDE, "10.0.9.9", "high"),
])  # fmt: skip
def test_a_factory_password_weighs_by_where_it_opens(who: str, whom: str, severity: str) -> None:
    row = {"id.orig_h": who, "id.resp_h": whom, "username": "admin", "default_of": "Moxa"}
    [one] = told("default_password", "telnet", row)
    assert one.notice.severity == severity and "Moxa" in one.notice.why


def asked(names: list[str], **more: object) -> list[Row]:
    return [
        {"ts": i * 10**9, "id.orig_h": PC, "id.resp_h": "10.0.5.1", "query": name, "qtype_name": "A", **more}
        for i, name in enumerate(names)
    ]


def test_a_tunnel_is_told_of_long_names_below_one_domain() -> None:
    long = [f"{i:032x}.t.example.co.uk" for i in range(40)]
    [one] = told("dns_tunnel", "dns", *asked(long))
    assert "below example.co.uk" in one.notice.msg
    assert told("dns_tunnel", "dns", *asked(long[:39])) == []
    # The same number of names below as many domains, the same name again, and local names are no tunnel.
    assert told("dns_tunnel", "dns", *asked([f"{'a' * 40}.d{i}.com" for i in range(60)])) == []
    assert told("dns_tunnel", "dns", *asked(long[:1] * 60)) == []
    assert told("dns_tunnel", "dns", *asked([f"{i:032x}.1.168.192.in-addr.arpa" for i in range(60)])) == []


def test_a_tunnel_is_told_of_large_answers() -> None:
    rows = asked([f"n{i}.example.org" for i in range(12)], qtype_name="TXT", answers="x" * 200)
    assert len(told("dns_tunnel", "dns", *rows)) == 1
    assert told("dns_tunnel", "dns", *rows[:11]) == []


def test_a_tunnel_is_told_of_questions_for_raw_bytes() -> None:
    """Even of short names: nothing else asks for the type NULL."""
    rows = asked([f"p{i:03}q.t.example.org" for i in range(10)], qtype_name="NULL")
    [one] = told("dns_tunnel", "dns", *rows)
    assert "below example.org" in one.notice.msg and "raw bytes" in one.notice.msg
    assert told("dns_tunnel", "dns", *rows[:9]) == []
    assert told("dns_tunnel", "dns", *asked([f"p{i:03}q.t.example.org" for i in range(60)])) == []


def test_names_as_long_as_the_setting_are_looked_at() -> None:
    """The filter of the stream may not hide what the settings ask for."""
    exact = [f"{i:030x}.ab.de" for i in range(40)]
    assert len(told("dns_tunnel", "dns", *asked(exact))) == 1


def test_slow_questions_are_not_counted_together() -> None:
    slow = [{**row, "ts": i * 60 * 10**9} for i, row in enumerate(asked([f"{i:040x}.example.org" for i in range(80)]))]
    assert told("dns_tunnel", "dns", *slow) == []


TO_OUTSIDE = {"id.orig_h": PC, "id.resp_h": OUTSIDE}
CONN = {**TO_OUTSIDE, "proto": "tcp", "orig_bytes": 10, "resp_bytes": 10}


@pytest.mark.parametrize(("stream", "row", "severity", "technique"), [
    ("dns", {"query": "pool.supportxmr.com"}, "medium", "T0869"),
    ("dns", {"query": "abcdefgh.onion"}, "medium", "T0884"),
    ("dns", {"query": "pool.supportxmr.com", "id.orig_h": HISTORIAN}, "high", "T0869"),
    ("tls", {"subject": "CN=www.7sxdzi4wmkd.net", "issuer": "CN=www.tcfaaaz3.com", "server_name": None}, "medium",
     "T0884"),
    ("tls", {"server_name": "www.s4ku5skci.com", "id.resp_p": 9001}, "medium", "T0884"),
    ("tls", {"server_name": "eth.2miners.com", "id.resp_p": 443}, "medium", "T0869"),
    ("http", {"uri": "/tor/status-vote/current/consensus", "method": "GET"}, "medium", "T0884"),
    ("conn", {**CONN, "service": "stratum", "id.resp_p": 80}, "medium", "T0869"),
    ("conn", {**CONN, "id.resp_p": 9001}, "low", "T0884"),
    ("conn", {**CONN, "id.resp_p": 3333, "id.orig_h": HISTORIAN}, "medium", "T0869"),
])  # fmt: skip
def test_tor_and_mining(stream: str, row: Row, severity: str, technique: str) -> None:
    [one] = told("tor_or_mining", stream, {**TO_OUTSIDE, **row})
    assert (one.notice.severity, one.notice.techniques) == (severity, technique)
    assert (one.notice.confidence < 0.5) == (stream == "conn" and row.get("service") is None)


@pytest.mark.parametrize(("stream", "row"), [
    ("dns", {"query": "mynanopool.org"}),
    ("tls", {"server_name": "www.microsoft.com", "id.resp_p": 443}),
    ("tls", {"subject": "CN=www.example.net", "issuer": "CN=Some CA,O=Trust", "server_name": None}),
    ("conn", {**CONN, "id.resp_p": 3333, "service": "http"}),
    ("conn", {**CONN, "id.resp_p": 9001, "resp_bytes": 0}),
    ("conn", {**CONN, "id.resp_p": 9001, "id.resp_h": "10.0.9.9"}),
])  # fmt: skip
def test_what_only_looks_like_it(stream: str, row: Row) -> None:
    assert told("tor_or_mining", stream, {**TO_OUTSIDE, **row}) == []


FILE = {"id.orig_h": PC, "id.resp_h": HISTORIAN, "protocol": "smb", "kind": "file", "direction": "download"}


@pytest.mark.parametrize(("name", "direction", "severity", "who"), [
    ("Temp\\update.EXE", "download", "medium", PC),
    ("tools/run.ps1", "upload", "low", PC),
])  # fmt: skip
def test_a_program_is_told_with_who_has_it_now(name: str, direction: str, severity: str, who: str) -> None:
    [one] = told("executable_transferred", "transfer", {**FILE, "name": name, "direction": direction})
    assert one.notice.severity == severity and one.notice.msg.startswith(who)


@pytest.mark.parametrize("name", ["plan.xlsx", "notes.exe.txt", "exe", None])
def test_other_files_are_not_programs(name: str | None) -> None:
    assert told("executable_transferred", "transfer", {**FILE, "name": name}) == []


WEB = {"id.orig_h": HISTORIAN, "id.resp_h": OUTSIDE, "method": "GET", "status_code": 200}


def test_a_program_from_the_web_is_told_for_the_plant_only() -> None:
    page = {**WEB, "uri": "/files/setup.msi?v=2"}
    [one] = told("executable_transferred", "http", page)
    assert one.notice.severity == "medium" and "setup.msi" in one.notice.msg
    assert told("executable_transferred", "http", {**page, "id.orig_h": PC}) == []
    assert told("executable_transferred", "http", {**page, "status_code": 404}) == []
    assert told("executable_transferred", "http", {**page, "uri": "/app.js"}) == []
    assert told("executable_transferred", "http", {**page, "uri": "/get", "resp_mime_type": "application/x-msdownload"})


CALL = {"id.orig_h": PC, "id.resp_h": HISTORIAN}


@pytest.mark.parametrize(("row", "severity"), [
    ({"operation": "SchRpcRegisterTask", "interface": "task_scheduler"}, "high"),
    ({"operation": "SchRpcRegisterTask", "interface": "task_scheduler", "returned": "access_denied"}, "medium"),
    ({"operation": "BaseRegSetValue", "interface": "registry", "returned": "ok"}, "medium"),
    ({"operation": "DRSGetNCChanges", "interface": "directory_replication"}, "high"),
    ({"operation": None, "interface": "wmi_services"}, "medium"),
])  # fmt: skip
@pytest.mark.parametrize("stream", ["dcerpc", "smb"])
def test_what_is_steered_from_afar(row: Row, severity: str, stream: str) -> None:
    assert weights(told("dcerpc_lateral", stream, {**CALL, **row})) == [severity]


def test_reading_the_registry_and_replication_between_domain_controllers_are_usual() -> None:
    read = {**CALL, "operation": "BaseRegQueryValue", "interface": "registry"}
    known = {**CALL, "id.resp_h": "10.0.5.2", "interface": "netlogon"}
    copy = {"id.orig_h": "10.0.5.2", "id.resp_h": "10.0.5.3", "interface": "directory_replication"}
    assert told("dcerpc_lateral", "dcerpc", read, known, {**copy, "operation": "DRSGetNCChanges"}) == []


STOP = {**CALL, "verb": "stop", "protocol": "dcerpc", "function": "request", "target": "service", "answered": 1}


@pytest.mark.parametrize(("row", "severity"), [
    ({}, "high"), ({"errors": 1}, "medium"), ({"id.resp_h": "10.0.9.9"}, "low"), ({"id.resp_h": PLC}, "medium"),
])  # fmt: skip
def test_a_stopped_service_weighs_by_whose_it_is(row: Row, severity: str) -> None:
    assert weights(told("historian_stopped", "command", {**STOP, **row})) == [severity]


def test_the_service_that_is_removed_is_named() -> None:
    opened = {**CALL, "operation": "OpenServiceW", "object": "PIArchive", "uid": "C7"}
    [one] = told("historian_stopped", "dcerpc", opened, {**opened, "operation": "DeleteService", "object": None})
    assert "PIArchive" in one.notice.why and one.notice.severity == "high"


def communities(*words: str, **more: object) -> list[Row]:
    return [
        {**TO_PLC, "id.resp_p": 161, "ts": i * 10**9, "pdu_name": "get_request", "reply_pdu": None, "community": word,
         **more}
        for i, word in enumerate(words)
    ]  # fmt: skip


def test_different_communities_without_an_answer_are_guesses() -> None:
    [one] = told("password_guessing", "snmp", *communities("a", "b", "c", "d", "e", "f"))
    assert one.notice.severity == "high" and one.notice.count == 5
    assert told("password_guessing", "snmp", *communities(*["old"] * 50)) == []
    assert told("password_guessing", "snmp", *communities("a", "b", "c", "d")) == []
    assert told("password_guessing", "snmp", *communities("a", "b", "c", "d", "e", reply_pdu=2)) == []
    assert told("password_guessing", "snmp", *communities("a", "b", "c", "d", "e", pdu_name="trap")) == []
