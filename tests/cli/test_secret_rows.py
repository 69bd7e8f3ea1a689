"""Second factors in the database: sealed, also those of a version before, and with the key they come back."""

from __future__ import annotations

import base64
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from linewarden.errors import StoreError
from linewarden.people import totp
from linewarden.people.signing_in import Answer
from linewarden.service.audit.ledger import entries
from linewarden.service.people_house import House, opened
from linewarden.service.state.people_tables import ACCOUNT
from linewarden.trust.age import Identity
from tests.cli.conftest import Run

GOOD = "the pump hums at night"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "plant" / "linewarden.toml"
    path.parent.mkdir()
    path.write_text('[service]\nsite = "plant-a"\ndata = "data"\n[[sensor]]\nname = "s"\ninterfaces = ["lo"]\n')
    return path


def with_factor(config: Path) -> str:
    """Anna, the owner, with a second factor; gives its secret."""
    with opened(config) as house:
        anna = house.onboarding.accept_first_owner(house.onboarding.first_owner("plant-a"), "anna", "", GOOD)
        secret, _ = house.onboarding.new_totp(anna)
        house.onboarding.confirm_totp(anna, secret, code_of(secret, -1))
    return secret


def code_of(secret: str, steps: int = 0) -> str:
    return totp.hotp(base64.b32decode(secret), totp.step_of(datetime.now(UTC)) + steps)


def kept(house: House) -> str:
    with house.state.engine.connect() as connection:
        return str(connection.execute(ACCOUNT.select()).one().totp)


def signs_in(config: Path, secret: str) -> bool:
    with opened(config) as house:
        return house.door.with_password("anna", GOOD, code_of(secret), "10.0.0.7").answer is Answer.IN


def in_the_clear(folder: Path, secret: str) -> list[str]:
    return [f.name for f in folder.rglob("*") if f.is_file() and secret.encode() in f.read_bytes()]


def test_a_new_secret_is_sealed_and_still_opens(config: Path) -> None:
    secret = with_factor(config)
    with opened(config) as house:
        assert kept(house).startswith("enc:v1:")
    assert (config.parent / "secrets.key").stat().st_mode & 0o777 == 0o600
    assert not in_the_clear(config.parent, secret)
    assert signs_in(config, secret)


def test_what_an_older_version_left_in_clear_is_sealed_and_overwritten(config: Path) -> None:
    secret = with_factor(config)
    with opened(config) as house, house.state.engine.begin() as connection:
        connection.execute(text("UPDATE account SET totp = :clear"), {"clear": secret})
    (config.parent / "secrets.key").unlink()
    assert in_the_clear(config.parent, secret)
    assert signs_in(config, secret)
    assert not in_the_clear(config.parent, secret)
    with opened(config) as house:
        assert kept(house).startswith("enc:v1:")
        assert [e.action for e in entries(house.state)].count("secrets.sealed") == 1


def test_without_the_key_it_says_what_to_do_and_makes_no_other(config: Path) -> None:
    secret = with_factor(config)
    key = config.parent / "secrets.key"
    elsewhere = key.rename(config.parent / "elsewhere")
    with opened(config) as house, pytest.raises(StoreError, match=r"put the site's key back.*--without-second-factor"):
        house.door.with_password("anna", GOOD, code_of(secret), "10.0.0.7")
    with opened(config) as house:
        anna = house.onboarding.found("anna")
        fresh, _ = house.onboarding.new_totp(anna)
        with pytest.raises(StoreError, match="put the site's key back"):
            house.onboarding.confirm_totp(anna, fresh, code_of(fresh))
    assert not key.exists()
    elsewhere.rename(key)
    assert signs_in(config, secret)


def test_a_new_key_wraps_it_too_also_for_a_program_that_runs(config: Path, run: Run) -> None:
    secret = with_factor(config)
    with opened(config) as house:
        assert house.store.totp_secret(house.onboarding.found("anna").id) == secret
        before, old = kept(house), (config.parent / "secrets.key").read_bytes()
        ran = run("secret", "rotate", config)
        assert ran.code == 0, ran.err
        assert ran.out.startswith("1 secrets are wrapped")
        assert kept(house) != before
        assert old.strip() not in (config.parent / "secrets.key").read_bytes()
        assert house.store.totp_secret(house.onboarding.found("anna").id) == secret
    assert signs_in(config, secret)


def test_from_a_backup_it_comes_back_with_its_key(config: Path, run: Run, tmp_path: Path) -> None:
    secret, me = with_factor(config), Identity.new()
    key = tmp_path / "backup.key"
    key.write_text(f"{me}\n")
    file = tmp_path / "all.backup"
    ran = run("backup", config, file, "--to", me.recipient)
    assert ran.code == 0, ran.err
    shutil.rmtree(config.parent)
    ran = run("restore", file, "--into", tmp_path / "again", "--identity", key)
    assert ran.code == 0, ran.err
    assert signs_in(tmp_path / "again" / "linewarden.toml", secret)
