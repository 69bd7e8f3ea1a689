"""`linewarden secret`, and sealed secrets in the configuration."""

from __future__ import annotations

import base64
import importlib.util
import io
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from linewarden.errors import ConfigError
from linewarden.service.config import load_config
from linewarden.service.config.parts import receivers_of, witness_of
from linewarden.trust.key_files import replace_file
from tests.cli.conftest import Run

CONFIG = """
[[sensor]]
name = "a"
interfaces = ["lo"]
[state]
url = "sqlite:///state.db"
password = "{state}"
[[export]]
to = "https://siem.plant/hook"
token = "{token}"
secret_file = "hook.secret"
"""


@pytest.fixture
def seal(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    config = tmp_path / "first.toml"
    config.write_text('[[sensor]]\nname = "a"\ninterfaces = ["lo"]\n')

    def sealed(text: str) -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{text}\n"))
        said = run("secret", "seal", config)
        assert said.code == 0, said.err
        return str(said.out.strip())

    return sealed


@pytest.fixture
def config(seal: object, tmp_path: Path) -> Path:
    assert callable(seal)
    file = tmp_path / "linewarden.toml"
    (tmp_path / "hook.secret").write_text(seal("signs") + "\n")
    file.write_text(CONFIG.format(state=seal("db password"), token=seal("bearer")))
    return file


def secrets(file: Path) -> list[str | None]:
    config = load_config(file)
    (receiver,) = receivers_of(config)
    held = receiver.carrier._secrets  # type: ignore[attr-defined]
    return [config.state_password(), held.token, held.key]


def test_sealed_secrets_reach_those_who_need_them(run: Run, config: Path) -> None:
    assert (config.parent / "secrets.key").stat().st_mode & 0o777 == 0o600
    assert secrets(config) == ["db password", "bearer", "signs"]
    assert run("secret", "check", config).code == 0
    assert "db password" not in config.read_text()


def test_a_new_key_wraps_them_all(run: Run, config: Path, tmp_path: Path) -> None:
    key, before = tmp_path / "secrets.key", config.read_text()
    old = key.read_bytes()
    config.chmod(0o640)
    assert run("secret", "rotate", config).out.startswith("3 secrets are wrapped by key ")
    assert old.strip() not in key.read_bytes() and config.read_text() != before
    assert (key.stat().st_mode & 0o777, config.stat().st_mode & 0o777) == (0o600, 0o640)
    assert secrets(config) == ["db password", "bearer", "signs"]
    told = run("audit", "list", tmp_path, "--action", "secrets", "--json").json
    assert [e["target"] for e in told] == [str(config), str(tmp_path / "hook.secret")]


@pytest.mark.parametrize("wrote", [0, 1, 2])
def test_killed_while_the_key_changes_all_can_still_be_opened(
    run: Run, config: Path, monkeypatch: pytest.MonkeyPatch, wrote: int
) -> None:
    done = []

    def until_killed(path: Path, data: bytes) -> None:
        if len(done) > wrote:
            raise KeyboardInterrupt
        done.append(path)
        replace_file(path, data)

    with monkeypatch.context() as broken:
        broken.setattr("linewarden.trust.key_files.replace_file", until_killed)
        assert run("secret", "rotate", config).code == 130
    assert secrets(config) == ["db password", "bearer", "signs"]
    assert run("secret", "rotate", config).code == 0
    assert secrets(config) == ["db password", "bearer", "signs"]


def test_systemd_may_bring_the_key_and_secrets(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    folder = tmp_path / "credentials"
    folder.mkdir()
    (tmp_path / "secrets.key").rename(folder / "site-key")
    (folder / "token").write_text("from systemd\n")
    text = config.read_text() + '[secrets]\nkey = "credential:site-key"\n'
    config.write_text("\n".join('token = "credential:token"' if "token" in line else line for line in text.split("\n")))
    with pytest.raises(ConfigError, match=r"state.password: credential:site-key: systemd gave no credentials"):
        load_config(config).state_password()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    assert secrets(config) == ["db password", "from systemd", "signs"]


HSM = Path(os.environ.get("LINEWARDEN_SOFTHSM", "/usr/lib/softhsm/libsofthsm2.so"))


@pytest.mark.skipif(
    not (HSM.exists() and shutil.which("softhsm2-util") and importlib.util.find_spec("pkcs11")),
    reason="needs softhsm2 and python-pkcs11",
)
def test_the_key_may_be_in_a_token(run: Run, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a file into the token, by `former` and `rotate`."""
    import pkcs11

    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm.conf").write_text(f"directories.tokendir = {tmp_path / 'tokens'}\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm.conf"))
    make = ("--init-token", "--free", "--label", "plant", "--pin", "1234", "--so-pin", "5678", "--module", str(HSM))
    subprocess.run(["softhsm2-util", *make], check=True, capture_output=True)
    token = pkcs11.lib(str(HSM)).get_token(token_label="plant")
    with token.open(user_pin="1234", rw=True) as session:
        session.generate_key(pkcs11.KeyType.AES, 256, label="site", store=True)
    (tmp_path / "pin").write_text("1234\n")
    uri = f"pkcs11:token=plant;object=site?module-path={HSM}&pin-source=file:{tmp_path / 'pin'}"
    before = config.read_text()
    config.write_text(before + f'[secrets]\nkey = "{uri}"\nformer = ["file:secrets.key"]\n')
    assert secrets(config) == ["db password", "bearer", "signs"]
    assert run("secret", "rotate", config).code == 0
    (tmp_path / "secrets.key").unlink()
    config.write_text(config.read_text().replace('former = ["file:secrets.key"]\n', ""))
    assert secrets(config) == ["db password", "bearer", "signs"]
    token_text = config.read_text()
    config.write_text(token_text.replace("object=site", "object=other"))
    assert "the key other of token plant cannot be had (NoSuchKey)" in run("secret", "check", config).err


@pytest.mark.parametrize(
    ("line", "why"),
    [('password = "hunter2"', "holds no secret as it is"), ('password = "enc:v1:x"', "holds no secret as it is"),
     ('password = "credential:../x"', "holds no secret as it is"), ("password = 7", "use a text, in quotes")],
)  # fmt: skip
def test_a_secret_as_it_is_is_refused_and_not_repeated(run: Run, tmp_path: Path, line: str, why: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(f'[[sensor]]\nname = "a"\ninterfaces = ["lo"]\n[state]\n{line}\n')
    said = run("config", "check", file)
    assert said.code == 2 and f"state.password: {why}" in said.out
    assert "hunter2" not in said.out


def test_what_cannot_be_opened_is_said_without_the_secret(run: Run, config: Path, tmp_path: Path) -> None:
    replace_file(tmp_path / "secrets.key", base64.b64encode(os.urandom(32)))
    said = run("secret", "check", config)
    assert said.code == 2 and "state.password: was sealed with key" in said.err
    (tmp_path / "secrets.key").chmod(0o644)
    assert "others may read this key" in run("secret", "check", config).err


def test_both_ways_at_once_are_a_mistake(run: Run, config: Path) -> None:
    config.write_text(config.read_text() + 'secret = "credential:x"\n')
    assert "export[0].secret: stands beside secret_file" in run("config", "check", config).out


def test_sealed_secrets_stay_out_of_the_audit_log(config: Path) -> None:
    told = str(witness_of(load_config(config), config).settings)
    assert "enc:v1" not in told and "enc:***" in told
