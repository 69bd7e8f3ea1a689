"""[[oidc]] in the configuration: what makes no sense is said before anybody signs in."""

from __future__ import annotations

from pathlib import Path

import pytest

from linewarden.errors import ConfigError
from linewarden.service.config import load_config

BASE = '[[sensor]]\nname = "s"\ninterfaces = ["lo"]\n'
GOOD = {"name": '"plant-id"', "issuer": '"https://id.plant.example"', "client_id": '"linewarden"'}


def table(**more: str) -> str:
    return "[[oidc]]\n" + "".join(f"{key} = {value}\n" for key, value in (GOOD | more).items())


def load(tmp_path: Path, text: str) -> object:
    path = tmp_path / "linewarden.toml"
    path.write_text(BASE + text)
    return load_config(path).oidc


def test_a_provider_needs_little(tmp_path: Path) -> None:
    load(tmp_path, table())
    load(tmp_path, table(issuer='"http://127.0.0.1:8080/realms/plant"'))
    load(tmp_path, table(roles='{ "a b" = ["engineer@plant-a/filling"] }', client_secret='"credential:oidc"'))
    load(tmp_path, table() + table(name='"other"', issuer='"https://other.example"'))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (table(issuer='"http://id.plant.example"'), "https://HOST"),
        (table(issuer='"https://id.plant.example?x=1"'), "https://HOST"),
        (table(issuer='"https://[::1"'), "https://HOST"),
        (table(name='"../x"'), "small letters"),
        (table(scopes='["profile"]'), "openid"),
        (table(roles='{ all = ["king"] }'), "no role 'king'"),
        (table(client_secret='"s3cret"'), "holds no secret as it is"),
        (table() + table(issuer='"https://other.example"'), "same name"),
        (table() + table(name='"other"'), "same issuer"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as error:
        load(tmp_path, text)
    assert "s3cret" not in str(error.value)
