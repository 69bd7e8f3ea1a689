"""The console's TLS, over real handshakes on loopback."""

from __future__ import annotations

import argparse
import io
import os
import shutil
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linewarden.errors import ConfigError, StoreError
from linewarden.service.secret_command import run_rotate, run_seal
from linewarden.service.tls import server_context
from linewarden.service.tls.transport import ring_of
from linewarden.trust.authority import Names, Pair, issue, new_authority, new_key
from tests.service.tls.serving import SENSOR, client, config_of, connected, openssl, served

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="the program openssl is not here")


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset


def given(folder: Path, *, life: timedelta | None = None) -> tuple[Path, Path, Path]:
    """A certificate of somebody else's authority: (authority, chain, key)."""
    now = datetime.now(UTC)
    key, names = new_key(), Names.of(["console.plant.example", "localhost"])
    root = Pair(new_authority(key, "corporate", names, now), key)
    pair = issue(root, names, now if life is None else now - timedelta(days=90) + life)
    files = folder / "ca.pem", folder / "console.pem", folder / "console.key"
    for file, data in zip(
        files, (root.certificate_pem, pair.certificate_pem + root.certificate_pem, pair.key_pem.encode()), strict=True
    ):
        file.write_bytes(data)
    files[2].chmod(0o600)
    return files


GIVEN = '[console]\ncertificate = "console.pem"\nkey = "console.key"\n'


def _refused(port: int, context: ssl.SSLContext, name: str, why: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=why), connected(port, context, name):
        pass


def test_a_first_start_is_trusted_by_who_imports_the_authority(tmp_path: Path) -> None:
    transport = server_context(config_of(tmp_path))
    with served(transport) as port, connected(port, client(transport.ca_file)) as tls:
        assert tls.version() == "TLSv1.3"
        tls.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert tls.recv(4096).startswith(b"HTTP/1.1 200")


@needs_openssl
def test_openssl_verifies_the_chain_and_the_name(tmp_path: Path) -> None:
    transport = server_context(config_of(tmp_path, '[console]\nnames = ["console.plant.example"]\n'))
    with served(transport) as port:
        for name in ("localhost", "console.plant.example"):
            said = openssl(port, "-CAfile", str(transport.ca_file), "-verify_hostname", name, "-x509_strict")
            assert "Verify return code: 0 (ok)" in said
        said = openssl(port, "-CAfile", str(transport.ca_file), "-verify_ip", "127.0.0.1", "-alpn", "h2,http/1.1")
        assert "Verify return code: 0 (ok)" in said
        assert "ALPN protocol: http/1.1" in said


def test_a_wrong_name_and_a_stranger_are_refused(tmp_path: Path) -> None:
    transport = server_context(config_of(tmp_path))
    with served(transport) as port:
        _refused(port, client(transport.ca_file), "bank.example", "Hostname mismatch")
        _refused(port, client(None), "localhost", "local issuer")


@needs_openssl
@pytest.mark.parametrize("old", ["-tls1", "-tls1_1"])
def test_old_tls_is_refused_by_the_server(tmp_path: Path, old: str) -> None:
    with served(server_context(config_of(tmp_path))) as port:
        # The client is willing: it takes every cipher, so that the refusal is the server's.
        assert "Cipher is (NONE)" in openssl(port, old, "-cipher", "DEFAULT@SECLEVEL=0")
        assert "Cipher is ECDHE-ECDSA" in openssl(port, "-tls1_2")


@needs_openssl
@pytest.mark.parametrize("cipher", ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-SHA384", "DHE-RSA-AES128-GCM-SHA256"])
def test_ciphers_without_forward_secrecy_or_aead_are_refused(tmp_path: Path, cipher: str) -> None:
    with served(server_context(config_of(tmp_path))) as port:
        assert "Cipher is (NONE)" in openssl(port, "-tls1_2", "-cipher", cipher)


def test_renewal_is_seen_by_the_next_handshake_and_spares_open_connections(tmp_path: Path) -> None:
    clock = Clock()
    transport = server_context(config_of(tmp_path), clock)
    first = transport.fingerprint
    with served(transport) as port, connected(port, client(transport.ca_file)) as before:
        assert transport.renew() == ""
        clock.offset = timedelta(days=61)
        assert transport.renew().startswith("a new certificate until")
        assert transport.fingerprint != first
        # The new one begins "yesterday" by the turned clock: this machine's would not take it yet.
        with connected(port, _unchecked()) as after:
            assert after.getpeercert(True) != before.getpeercert(True)
        before.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert before.recv(4096).startswith(b"HTTP/1.1 200")


def _unchecked() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def test_renewal_by_another_process_is_taken_up(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    transport = server_context(config)
    other = server_context(config)
    other.source.folder.current(*other.source.names(), datetime.now(UTC), anew="asked for")  # type: ignore[union-attr]
    assert "a new certificate" in transport.renew()
    with served(transport) as port, connected(port, client(transport.ca_file)) as tls:
        assert tls.getpeercert(True) == transport.certificate.public_bytes(_der())


def _der() -> object:
    from cryptography.hazmat.primitives.serialization import Encoding

    return Encoding.DER


def test_the_authority_stays_over_starts_and_the_certificate_too(tmp_path: Path) -> None:
    first, second = server_context(config_of(tmp_path)), server_context(config_of(tmp_path))
    assert first.certificate == second.certificate
    assert (tmp_path / "linewarden-data/tls/authority.pem").stat().st_mode & 0o777 == 0o644
    assert {p.stat().st_mode & 0o777 for p in (tmp_path / "linewarden-data/tls").glob("*.key")} == {0o600}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
def test_what_root_makes_is_the_services(tmp_path: Path) -> None:
    (tmp_path / "linewarden-data").mkdir()
    os.chown(tmp_path / "linewarden-data", 12_345, 12_346)
    server_context(config_of(tmp_path))
    made = [tmp_path / "linewarden-data/tls", *(tmp_path / "linewarden-data/tls").iterdir()]
    assert len(made) == 5
    assert {(p.stat().st_uid, p.stat().st_gid) for p in made} == {(12_345, 12_346)}


def test_a_name_that_is_added_makes_a_new_certificate_or_says_that_the_authority_may_not(tmp_path: Path) -> None:
    first = server_context(config_of(tmp_path))
    with pytest.raises(ConfigError, match=r"console\.example: .*--new-authority"):
        server_context(config_of(tmp_path, '[console]\nnames = ["console.example"]\n'))
    second = server_context(config_of(tmp_path, '[console]\nnames = ["10.1.2.3"]\n'))
    assert second.certificate != first.certificate
    with served(second) as port, connected(port, client(second.ca_file), "10.1.2.3"):
        pass


def test_the_authority_cannot_be_used_for_other_names(tmp_path: Path) -> None:
    """Who steals the key cannot play a bank to those who imported the authority."""
    transport = server_context(config_of(tmp_path))
    folder = tmp_path / "linewarden-data/tls"
    stolen = Pair.parse((folder / "authority.pem").read_bytes(), (folder / "authority.key").read_text())
    from unittest.mock import patch

    with patch("linewarden.trust.authority.may_sign", return_value=True):
        forged = issue(stolen, Names.of(["bank.example"]), datetime.now(UTC))
    (folder / "server.pem").write_bytes(forged.certificate_pem)
    chain = tmp_path / "console.pem"
    chain.write_bytes(forged.certificate_pem)
    key = tmp_path / "console.key"
    key.write_text(forged.key_pem)
    key.chmod(0o600)
    bad = server_context(config_of(tmp_path, GIVEN))
    with served(bad) as port:
        _refused(port, client(transport.ca_file), "bank.example", "permitted subtree")


def test_keys_are_sealed_by_the_sites_key_also_those_that_were_there_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = config_of(tmp_path)
    first = server_context(config)
    folder = tmp_path / "linewarden-data/tls"
    assert "PRIVATE KEY" in (folder / "authority.key").read_text()
    _seal_something(tmp_path, monkeypatch)
    assert ring_of(config) is not None
    second = server_context(config)
    assert second.certificate == first.certificate
    assert (folder / "authority.key").read_text().startswith("enc:v1:")
    run_rotate(_args(tmp_path))
    assert "2 secrets are wrapped" in capsys.readouterr().out
    assert second.renew() == ""  # a service that ran meanwhile opens them by the new key
    second.source.material(datetime.now(UTC))
    third = server_context(config)
    with served(third) as port, connected(port, client(third.ca_file)):
        pass


def _args(folder: Path) -> argparse.Namespace:
    return argparse.Namespace(config=folder / "linewarden.toml")


def _seal_something(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("anything\n"))
    run_seal(_args(folder))


def test_sealed_keys_without_the_sites_key_are_said_and_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config_of(tmp_path)
    _seal_something(tmp_path, monkeypatch)
    server_context(config_of(tmp_path))
    before = (tmp_path / "linewarden-data/tls/authority.pem").read_bytes()
    (tmp_path / "secrets.key").unlink()
    with pytest.raises(ConfigError, match=r"authority\.key: is sealed"):
        server_context(config_of(tmp_path))
    assert (tmp_path / "linewarden-data/tls/authority.pem").read_bytes() == before


def test_an_authority_without_its_key_is_never_replaced_in_silence(tmp_path: Path) -> None:
    server_context(config_of(tmp_path))
    (tmp_path / "linewarden-data/tls/authority.key").unlink()
    with pytest.raises(StoreError, match="--new-authority"):
        server_context(config_of(tmp_path))


@pytest.mark.parametrize("name", ["server.key", "server.pem"])
@pytest.mark.parametrize(
    "damage", [b"", b"\0\xff\n", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_servers_pair_that_a_kill_left_broken_is_made_anew(tmp_path: Path, name: str, damage: bytes) -> None:
    server_context(config_of(tmp_path))
    (tmp_path / "linewarden-data/tls" / name).write_bytes(damage)
    transport = server_context(config_of(tmp_path))
    with served(transport) as port, connected(port, client(transport.ca_file)):
        pass


def test_a_given_certificate_is_served_with_its_chain(tmp_path: Path) -> None:
    ca, _, _ = given(tmp_path)
    transport = server_context(config_of(tmp_path, GIVEN))
    assert transport.ca_file is None
    assert transport.notes == ()
    with served(transport) as port, connected(port, client(ca), "console.plant.example"):
        pass
    assert not (tmp_path / "linewarden-data").exists()


def test_a_given_certificate_that_changes_is_taken_up_and_a_broken_one_is_not(tmp_path: Path) -> None:
    given(tmp_path)
    transport = server_context(config_of(tmp_path, GIVEN))
    first = transport.fingerprint
    (tmp_path / "console.pem").write_text("half")
    with pytest.raises(ConfigError, match=r"^console\.certificate: "):
        transport.renew()
    assert transport.fingerprint == first
    ca, _, _ = given(tmp_path)
    assert "its file changed" in transport.renew()
    with served(transport) as port, connected(port, client(ca), "console.plant.example"):
        pass


def test_a_given_certificate_that_ends_soon_or_lacks_a_name_is_spoken_of(tmp_path: Path) -> None:
    given(tmp_path, life=timedelta(days=5))
    notes = server_context(config_of(tmp_path, GIVEN + 'names = ["other.plant.example"]\n')).notes
    assert "ends on" in notes[0]
    assert "other.plant.example" in notes[1]


def _wrong(folder: Path, what: str) -> None:
    _, certificate, key = given(folder)
    if what == "other key":
        from linewarden.trust.authority import key_as_pem

        key.write_text(key_as_pem(new_key()))
    elif what == "readable":
        key.chmod(0o644)
    elif what == "password":
        from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

        lock = BestAvailableEncryption(b"secret")
        key.write_bytes(new_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
    elif what == "no key":
        key.write_text("hello")
    elif what == "no file":
        key.unlink()
    elif what == "der":
        certificate.write_bytes(b"\x30\x82\x01\x01" + bytes(257))
    elif what == "key as certificate":
        certificate.write_bytes(key.read_bytes())
    elif what == "no certificate":
        certificate.unlink()


def test_a_given_key_may_be_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ca, _, key = given(tmp_path)
    config_of(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO(key.read_text()))
    run_seal(_args(tmp_path))
    key.write_text(capsys.readouterr().out)
    transport = server_context(config_of(tmp_path, GIVEN))
    with served(transport) as port, connected(port, client(ca), "console.plant.example"):
        pass
    run_rotate(_args(tmp_path))
    assert server_context(config_of(tmp_path, GIVEN)).fingerprint


def test_a_given_key_may_be_a_credential_of_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, key = given(tmp_path)
    key.chmod(0o440)  # as systemd gives them
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert server_context(config_of(tmp_path, GIVEN.replace('"console.key"', '"credential:console.key"'))).fingerprint


@pytest.mark.parametrize(
    ("what", "field"),
    [
        ("other key", r"console\.key: .*is not the key of"),
        ("readable", r"console\.key: .*others may read"),
        ("password", r"console\.key: .*has a password"),
        ("no key", r"console\.key: .*no private key"),
        ("no file", r"console\.key: .*cannot be read"),
        ("der", r"console\.certificate: .*openssl"),
        ("key as certificate", r"console\.certificate: .*holds a key"),
        ("no certificate", r"console\.certificate: .*cannot be read"),
    ],
)
def test_what_is_wrong_with_a_given_pair_is_one_line_that_names_the_field(
    tmp_path: Path, what: str, field: str
) -> None:
    _wrong(tmp_path, what)
    with pytest.raises(ConfigError, match=f"^{field}") as found:
        server_context(config_of(tmp_path, GIVEN))
    assert "\n" not in str(found.value)


def test_a_key_of_1024_bits_is_refused_with_the_field(tmp_path: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(65537, 1024)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "old")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + timedelta(days=900))
    (tmp_path / "console.pem").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    (tmp_path / "console.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "console.key").chmod(0o600)
    with pytest.raises(ConfigError, match=r"^console\.certificate: OpenSSL does not take it \(ee key too small\)"):
        server_context(config_of(tmp_path, GIVEN))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[console]\ncertificate = "a.pem"\n', "console.key: certificate and key go together"),
        ('[console]\nkey = "a.key"\n', "console.certificate: certificate and key go together"),
        ('[console]\nkey = "enc:v1:x"\ncertificate = "a"\n', "console.key: name the key's file"),
        ('[console]\nnames = ["*.plant"]\n', r"console.names\[0\]: '\*.plant' is no host name"),
        ('[console]\npublic_url = "http://a.example"\n', "console.public_url: use https://"),
        ('[console]\npublic_url = "https://a.example/x"\n', "console.public_url: use https://"),
        ('[console]\nlisten = "plant:1"\n', "console.listen: plant is no IP address"),
        ('[console]\nlisten = "127.0.0.1:9480"\n', r"console.listen: .* is that of \[http\]"),
        ('[console]\ntrusted_proxies = ["proxy"]\n', r"console.trusted_proxies\[0\]: 'proxy' is no address"),
    ],
)
def test_wrong_settings_are_said_with_their_key(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "linewarden.toml").write_text(text + SENSOR)
    with pytest.raises(ConfigError, match=said):
        config_of(tmp_path, text)
