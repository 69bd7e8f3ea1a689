"""`linewarden certificate`, as a person meets it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from tests.cli.conftest import Run


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "linewarden.toml"
    file.write_text('[console]\nnames = ["console.plant.example"]\n[[sensor]]\nname = "line1"\ninterfaces = ["lo"]\n')
    return file


def test_what_is_shown_is_what_the_browser_shows(run: Run, config: Path) -> None:
    found = run("certificate", "show", config, "--json").json
    assert {"console.plant.example", "localhost", "127.0.0.1"} <= set(found["names"])
    server = x509.load_pem_x509_certificate((config.parent / "linewarden-data/tls/server.pem").read_bytes())
    from cryptography.hazmat.primitives.hashes import SHA256

    assert found["sha256"].replace(":", "").lower() == server.fingerprint(SHA256()).hex()
    shown = run("certificate", "show", config)
    assert found["sha256"] in shown.out
    assert found["authority"]["sha256"] in shown.out


def test_the_authority_is_exported_without_its_key(run: Run, config: Path, tmp_path: Path) -> None:
    out = run("certificate", "export-ca", config).out
    assert out.count("BEGIN CERTIFICATE") == 1
    assert "PRIVATE" not in out
    assert run("certificate", "export-ca", config, "--out", tmp_path / "ca.pem").code == 0
    assert (tmp_path / "ca.pem").read_text() == out
    (config.parent / "linewarden-data/tls/authority.key").unlink()  # who may not read it can still export
    assert run("certificate", "export-ca", config).out == out


def test_renew_makes_another_certificate_and_only_if_asked_another_authority(run: Run, config: Path) -> None:
    first = run("certificate", "show", config, "--json").json
    second = run("certificate", "renew", config, "--json").json
    assert second["sha256"] != first["sha256"]
    assert second["authority"]["sha256"] == first["authority"]["sha256"]
    third = run("certificate", "renew", config, "--new-authority", "--json").json
    assert third["authority"]["sha256"] != first["authority"]["sha256"]
    log = run("audit", "list", config.parent / "linewarden-data/tls/server.pem", "--json")
    assert log.out.count("certificate.renew") == 2


def test_a_given_certificate_is_not_ours_to_renew_or_export(run: Run, config: Path) -> None:
    config.write_text(config.read_text().replace("[console]", '[console]\ncertificate = "a.pem"\nkey = "a.key"'))
    ran = run("certificate", "renew", config)
    assert (ran.code, "console.certificate" in ran.err) == (2, True)
    checked = run("config", "check", config)
    assert checked.code == 0
    assert "console.certificate: " in checked.err


def test_a_backup_brings_the_authority_along(run: Run, config: Path, tmp_path: Path) -> None:
    first = run("certificate", "show", config, "--json").json
    (tmp_path / "pass").write_text("a long passphrase for a test\n")
    (tmp_path / "pass").chmod(0o600)
    run("people", "list", "--config", config)
    out = tmp_path / "backup.age"
    assert run("backup", config, out, "--passphrase-file", tmp_path / "pass").code == 0
    back = tmp_path / "back"
    assert run("restore", out, "--into", back, "--passphrase-file", tmp_path / "pass").code == 0
    found = run("certificate", "show", back / "linewarden.toml", "--json").json
    assert found["sha256"] == first["sha256"]
