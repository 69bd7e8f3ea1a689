"""What anybody on the wire could read."""

import pytest

from linewarden.plant import Severity
from linewarden.plant.exposure_hints import is_old_tls

PLC = "10.0.0.1"


def kinds(plant):
    return {f.kind: f for f in plant.exposures}


def s7(make, source="10.0.0.9"):
    return make.conn(source, PLC, 102, "s7comm")


def test_a_plain_plant_has_none(make):
    assert make.plant(conn=[s7(make)]).exposures == ()


def test_cleartext_logins_matter_more_to_a_controller(make):
    f = kinds(make.plant(conn=[s7(make), make.conn("10.0.0.9", PLC, 23, "telnet", frame=9)]))["cleartext_login"]
    assert f.severity is Severity.HIGH and f.evidence[0].frame == 9 and f.assets == (PLC, "10.0.0.9")
    assert (
        kinds(make.plant(conn=[make.conn("10.0.0.9", "10.0.0.7", 21, "ftp")]))["cleartext_login"].severity == "medium"
    )


def test_http_basic_login(make):
    basic = {"id.orig_h": "10.0.0.9", "id.resp_h": PLC, "auth_scheme": "Basic", "username": "admin"}
    other = {**basic, "auth_scheme": "Digest"}
    assert "cleartext_login" in kinds(make.plant(conn=[s7(make)], facts={"http": [basic]}))
    assert "cleartext_login" not in kinds(make.plant(conn=[s7(make)], facts={"http": [other]}))


@pytest.mark.parametrize("version", ["SSLv3", "TLSv1.0", "TLSv10", "TLS 1.1", "0x0301", "769", "DTLSv1.0", "TLSv1"])
def test_old_tls_in_every_spelling(version):
    assert is_old_tls(version)


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv12", "TLS 1.3", "0x0303", "772", "DTLSv1.2", ""])
def test_tls_that_is_in_order(version):
    assert not is_old_tls(version)


def test_native_facts(make):
    ends = {"id.orig_h": "10.0.0.9", "id.resp_h": PLC}
    found = kinds(
        make.plant(
            conn=[s7(make)],
            facts={
                "tls": [{**ends, "version": "TLSv1.0"}],
                "smb": [{**ends, "dialect": "NT LM 0.12"}],
                "snmp": [{**ends, "version": "2c", "community": "public"}],
                "opcua": [{**ends, "security_policy": "http://opcfoundation.org/UA/SecurityPolicy#None"}],
                "ftp": [{**ends, "nothing": "of use"}],
            },
        )
    )
    assert set(found) == {"old_tls", "smb1", "snmp_default_community", "opcua_no_security"}


def test_public_peers(make):
    out = kinds(make.plant(conn=[s7(make), make.conn(PLC, "8.8.8.8", 443, "tls")]))["public_peer"]
    asked = kinds(make.plant(conn=[s7(make, "8.8.8.8")]))["public_peer"]
    clock = kinds(make.plant(conn=[s7(make), make.conn(PLC, "8.8.8.8", 123, "ntp", proto="udp")]))["public_peer"]
    assert (out.severity, asked.severity, clock.severity) == ("high", "critical", "low")


def test_remote_access_to_a_controller_but_not_to_an_office_pc(make):
    rows = [s7(make), make.conn("10.0.0.9", PLC, 5900, "vnc"), make.conn("10.0.0.9", "10.5.0.1", 3389, "rdp")]
    f = kinds(make.plant(conn=rows))["remote_access"]
    assert f.assets == (PLC, "10.0.0.9") and "VNC" in f.detail and "RDP" not in f.detail


def test_writes_and_several_writers(make):
    rows = [make.command(f"10.0.0.{n}", PLC, "write", "modbus", frame=n) for n in (8, 9)]
    found = kinds(make.plant(conn=[make.conn(f"10.0.0.{n}", PLC, 502, "modbus") for n in (8, 9)], command=rows))
    assert {e.frame for e in found["unauthenticated_write"].evidence} == {8, 9}
    assert found["several_writers"].assets == (PLC, "10.0.0.8", "10.0.0.9")


def test_reading_alone_is_no_exposure(make):
    rows = [make.command("10.0.0.9", PLC, "read", "modbus")]
    assert make.plant(conn=[make.conn("10.0.0.9", PLC, 502, "modbus")], command=rows).exposures == ()


def test_programs_firmware_and_dcp(make):
    found = kinds(
        make.plant(
            conn=[s7(make)],
            command=[make.command("10.0.0.9", PLC, "configure", "pn_dcp")],
            transfer=[
                make.transfer("10.0.0.9", PLC, "program", "download"),
                make.transfer("10.0.0.9", PLC, "firmware", "download"),
            ],
        )
    )
    assert {"program_download", "firmware_update", "dcp_set"} <= set(found)


@pytest.mark.parametrize("verb", ["stop", "start", "restart", "set_mode", "force", "inhibit"])
def test_a_controller_that_is_switched_is_told(make, verb):
    p = make.plant(conn=[s7(make)], command=[make.command("10.0.0.9", PLC, verb, "s7comm")])
    (found,) = [f for f in p.exposures if f.kind == "controller_switched"]
    assert verb.replace("_", " ") in found.detail
    assert found.severity.value == "high"


def test_a_stop_that_the_controller_refused_is_no_stop(make):
    refused = make.command("10.0.0.9", PLC, "stop", "s7comm", errors=3)
    assert "controller_switched" not in kinds(make.plant(conn=[s7(make)], command=[refused]))


def test_an_upload_is_no_download(make):
    p = make.plant(conn=[s7(make)], transfer=[make.transfer("10.0.0.9", PLC, "program", "upload")])
    assert "program_download" not in kinds(p)
