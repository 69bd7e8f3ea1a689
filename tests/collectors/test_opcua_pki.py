"""_opcua/pki.py and own.py: whom we trust, and who we are."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from linewarden.collectors._opcua.own import own_certificate
from linewarden.collectors._opcua.pki import REJECTED_MOST, Pki, UntrustedError, fingerprint
from linewarden.errors import ConfigError
from tests.collectors.opcua_certificates import Made, key_of, make, revocation

HOST, URI = "127.0.0.1", "urn:test:server"


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    pki = Pki(tmp_path / "pki")
    pki.prepare()
    return pki


def put(pki: Pki, folder: str, name: str, data: bytes) -> None:
    (pki.folder / folder / name).write_bytes(data)


def test_unknown_server_is_put_aside_for_a_person_and_passes_once_moved(pki: Pki) -> None:
    server = make()
    with pytest.raises(UntrustedError, match="is not trusted") as caught:
        pki.judge(server.der, HOST, URI)
    (kept,) = (pki.folder / "rejected").iterdir()
    assert str(kept) in str(caught.value) and fingerprint(server.certificate) in str(caught.value)
    kept.rename(pki.folder / "trusted" / kept.name)
    assert pki.judge(server.der, HOST, URI) == server.certificate


def test_trusted_may_be_pem(pki: Pki) -> None:
    server = make()
    put(pki, "trusted", "s.pem", server.certificate.public_bytes(Encoding.PEM))
    assert pki.judge(server.der, HOST, URI) is not None


def test_rejected_folder_does_not_grow_without_end(pki: Pki) -> None:
    key_of("flood")
    for _ in range(REJECTED_MOST + 5):
        with pytest.raises(UntrustedError):
            pki.judge(make("flood").der, HOST, URI)
    assert len(list((pki.folder / "rejected").iterdir())) == REJECTED_MOST


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"days": 0.01}, "expired on"),
        ({"since": timedelta(days=2)}, "is valid from"),
        ({"hosts": ("plc.example",)}, 'is for plc.example and not for "127.0.0.1"'),
        ({"uri": "urn:other"}, "is of application urn:other"),
        ({"bits": 1024}, "has 1024 bits"),
        ({"purpose": ExtendedKeyUsageOID.CLIENT_AUTH}, "is of no server"),
        ({"signs": False}, "may not be used to sign"),
    ],
)
def test_trusted_server_that_is_not_right_is_refused(pki: Pki, options: dict[str, Any], why: str) -> None:
    server = make(why[:20], **options)
    put(pki, "trusted", "s.der", server.der)
    with pytest.raises(UntrustedError, match=why):
        pki.judge(server.der, HOST, URI)


def test_sha1_is_refused(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        server = make(hashed=SHA1())
    except (
        UnsupportedAlgorithm
    ):  # OpenSSL of this machine signs none any more: then the check is asked with what it would see
        server = make()
        monkeypatch.setattr("linewarden.collectors._opcua.pki.GOOD_HASHES", ("sha384",))
    put(pki, "trusted", "s.der", server.der)
    with pytest.raises(UntrustedError, match="is signed with sha"):
        pki.judge(server.der, HOST, URI)


def test_host_name_of_the_settings_counts(pki: Pki) -> None:
    server = make("named", hosts=("PLC.example",))
    put(pki, "trusted", "s.der", server.der)
    assert pki.judge(server.der, "plc.EXAMPLE", URI) is not None


def chain() -> tuple[Made, Made, Made]:
    root = make("root", authority=True)
    middle = make("middle", authority=True, issuer=root, path_length=0)
    return root, middle, make("leaf", issuer=middle)


def test_chain_is_followed_to_a_trusted_authority(pki: Pki) -> None:
    root, middle, leaf = chain()
    put(pki, "trusted", "root.der", root.der)
    put(pki, "crl", "root.crl", revocation(root))
    put(pki, "crl", "middle.crl", revocation(middle))
    assert pki.judge(leaf.der + middle.der, HOST, URI) == leaf.certificate
    with pytest.raises(UntrustedError, match="is not trusted"):
        pki.judge(leaf.der, HOST, URI)  # without the one between, nothing leads to the root
    put(pki, "issuers", "middle.der", middle.der)
    assert pki.judge(leaf.der, HOST, URI) is not None


def test_issuers_are_not_trusted_by_themselves(pki: Pki) -> None:
    root, middle, leaf = chain()
    put(pki, "issuers", "root.der", root.der)
    put(pki, "issuers", "middle.der", middle.der)
    with pytest.raises(UntrustedError, match="is not trusted"):
        pki.judge(leaf.der, HOST, URI)


def test_trusted_leaf_needs_its_authorities(pki: Pki) -> None:
    _, _, leaf = chain()
    put(pki, "trusted", "leaf.der", leaf.der)
    with pytest.raises(UntrustedError, match="lacks CN=middle"):
        pki.judge(leaf.der, HOST, URI)


def test_revoked_is_refused_and_a_missing_list_too_unless_said(pki: Pki) -> None:
    root, _, _ = chain()
    leaf = make("leaf2", issuer=root)
    put(pki, "trusted", "root.der", root.der)
    with pytest.raises(UntrustedError, match="no current revocation list"):
        pki.judge(leaf.der, HOST, URI)
    put(pki, "crl", "old.crl", revocation(root, days=-1))
    with pytest.raises(UntrustedError, match="no current revocation list"):
        pki.judge(leaf.der, HOST, URI)
    assert Pki(pki.folder, "if-known").judge(leaf.der, HOST, URI) is not None
    put(pki, "crl", "new.crl", revocation(root, leaf))
    for revoked in ("required", "if-known"):
        with pytest.raises(UntrustedError, match="is revoked"):
            Pki(pki.folder, revoked).judge(leaf.der, HOST, URI)


def test_list_that_another_signed_does_not_count(pki: Pki) -> None:
    root, _, _ = chain()
    leaf = make("leaf3", issuer=root)
    put(pki, "trusted", "root.der", root.der)
    forged = Made(root.certificate, key_of("forger"))
    put(pki, "crl", "forged.crl", revocation(forged))
    with pytest.raises(UntrustedError, match="no current revocation list"):
        pki.judge(leaf.der, HOST, URI)


def test_no_authority_cannot_issue(pki: Pki) -> None:
    no_authority = make("plain")
    leaf = make("leaf4", issuer=no_authority)
    put(pki, "trusted", "plain.der", no_authority.der)
    with pytest.raises(UntrustedError, match="is not trusted"):
        pki.judge(leaf.der, HOST, URI)


def test_path_length_is_kept(pki: Pki) -> None:
    root = make("short root", authority=True, path_length=0)
    middle = make("middle 2", authority=True, issuer=root)
    leaf = make("leaf5", issuer=middle)
    put(pki, "trusted", "root.der", root.der)
    with pytest.raises(UntrustedError, match="is not trusted"):
        pki.judge(leaf.der + middle.der, HOST, URI)


def test_altered_certificate_is_refused(pki: Pki) -> None:
    server = make()
    data = bytearray(server.der)
    data[-1] ^= 1
    put(pki, "trusted", "s.der", bytes(data))
    with pytest.raises(UntrustedError, match=r"signature .* is wrong"):
        pki.judge(bytes(data), HOST, URI)


@pytest.mark.parametrize("data", [b"", b"0", b"0\x82\xff\xff123", b"hello"])
def test_no_certificate_at_all(pki: Pki, data: bytes) -> None:
    with pytest.raises(UntrustedError, match=r"no certificate|cannot be read"):
        pki.judge(data, HOST, URI)


def test_own_certificate_is_made_once(tmp_path: Path) -> None:
    own = own_certificate(tmp_path, "station", "urn:station:linewarden")
    assert own.made and own.uri == "urn:station:linewarden" and not own.expires_soon
    certificate = x509.load_der_x509_certificate(own.certificate)
    assert certificate.public_key() == load_pem_private_key(own.key, None).public_key()
    assert isinstance(certificate.signature_hash_algorithm, SHA256)
    assert stat.S_IMODE((tmp_path / "own" / "private" / "linewarden.pem").stat().st_mode) == 0o600
    again = own_certificate(tmp_path, "station", "urn:other")
    assert not again.made and again.certificate == own.certificate and again.uri == own.uri


def test_own_certificate_without_its_key_is_said(tmp_path: Path) -> None:
    own_certificate(tmp_path, "station", "urn:station:linewarden")
    key = tmp_path / "own" / "private" / "linewarden.pem"
    key.write_bytes(make("foreign").pem)
    with pytest.raises(ConfigError, match="is not the key of"):
        own_certificate(tmp_path, "station", "urn:station:linewarden")
    key.unlink()
    with pytest.raises(ConfigError, match="is missing"):
        own_certificate(tmp_path, "station", "urn:station:linewarden")


def test_own_certificate_that_expired_is_said(tmp_path: Path) -> None:
    own = make("old", days=0.01, uri="urn:old")
    (tmp_path / "own" / "private").mkdir(parents=True)
    (tmp_path / "own" / "linewarden.der").write_bytes(own.der)
    (tmp_path / "own" / "private" / "linewarden.pem").write_bytes(own.pem)
    with pytest.raises(ConfigError, match="has expired"):
        own_certificate(tmp_path, "station", "urn:x")
