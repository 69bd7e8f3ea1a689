"""`linewarden secret`: seals what the configuration needs and nobody should read. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
import base64
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from linewarden.service.config.model import Config
    from linewarden.service.options import Commands
    from linewarden.trust.envelope import KeyRing

EXAMPLES = """examples:
  linewarden secret seal linewarden.toml < mail.password       prints enc:... for `password = "enc:..."`
  linewarden secret seal linewarden.toml < console.key         also a private key (PEM), for the file that holds it
  linewarden secret seal linewarden.toml                       asks for it, in a terminal
  linewarden secret rotate linewarden.toml                     a new key; what is sealed is wrapped by it
  linewarden secret check linewarden.toml                      whether every secret can be read
The key is that of [secrets] key: a file that only its owner reads, or a credential of systemd (docs/secrets.md).
"""


def add_secret(commands: Commands) -> None:
    """Adds the commands to the whole grammar."""
    group = commands.group("secret", "seal secrets of the configuration", EXAMPLES)
    for name, words, run in (
        ("seal", "seal a secret from standard input", run_seal),
        ("rotate", "wrap all secrets by a new key", run_rotate),
        ("check", "say whether every secret can be read", run_check),
    ):
        parser = group.add(name, words, EXAMPLES, run)
        parser.add_argument("config", type=Path, metavar="CONFIG.toml", help="the configuration")


def run_seal(args: argparse.Namespace) -> int:
    """A secret to text. Makes the key if it is to be in a file that is not there."""
    from linewarden.service.config import load_config
    from linewarden.service.config.sealed import key_ring, place_of
    from linewarden.trust.key_files import make_file

    config = load_config(args.config)
    where = config.secrets.key
    if where.startswith("file:") and not place_of(where).exists():
        make_file(place_of(where), _new_key())
        print(f"linewarden: note: {place_of(where)} was made; keep a copy of it elsewhere", file=sys.stderr)
    print(key_ring(config).seal(_given()))
    return 0


def _given() -> str:
    if sys.stdin.isatty():
        import getpass

        text = getpass.getpass("Secret: ")
    else:
        text = sys.stdin.read(70_000).strip("\r\n")
    if not text or not (text.isprintable() or _is_pem(text)):
        raise ConfigError("standard input: the secret is empty, or has more than one line (and is no private key)")
    return text


def _is_pem(text: str) -> bool:
    """Whether it is a private key, which has several lines."""
    lines = text.splitlines()
    return lines[0].startswith("-----BEGIN ") and "PRIVATE KEY" in lines[0] and all(map(str.isprintable, lines))


def _new_key() -> bytes:
    return base64.b64encode(os.urandom(32)) + b"\n"


def run_rotate(args: argparse.Namespace) -> int:
    """A new key. Killed at any moment, everything can still be opened: the old key goes last."""
    from linewarden.service.config import load_config
    from linewarden.service.config.sealed import key_ring, place_of
    from linewarden.trust.key_files import private_bytes, replace_file

    config = load_config(args.config)
    own = config.secrets.key.startswith("file:")
    if own:
        file = place_of(config.secrets.key)
        key_ring(config)  # it must be a key, before it is kept as the old one
        before = private_bytes(file)
        old = base64.b64encode(before) + b"\n" if len(before) == 32 else before
        replace_file(file, _new_key() + old)
    ring = key_ring(config)
    count = sum(_rewrapped(path, ring) for path in _places(config, args.config)) + _rewrapped_rows(config, ring)
    if own:
        _keep_only_the_newest(place_of(config.secrets.key))
    print(f"{count} secrets are wrapped by key {ring.keys[0].id}.")
    if not own or config.secrets.former:
        print("Older keys are no longer needed: take them out of [secrets] former, and of the credential.")
    return 0


def _keep_only_the_newest(file: Path) -> None:
    from linewarden.trust.key_files import private_bytes, replace_file

    replace_file(file, private_bytes(file).split(b"\n")[0] + b"\n")


def _places(config: Config, file: Path) -> list[Path]:
    """The files in which sealed secrets may stand."""
    tables = [config.state, *config.export, *([config.digest] if config.digest else []), *config.oidc]
    found = [file, *sorted((config.service.data / "tls").glob("*.key"))]
    if (key := config.console.key) is not None and key.startswith("file:"):
        found.append(Path(key[5:]))
    for table in tables:
        for name in ("token", "secret", "password", "client_secret"):
            reference, beside = getattr(table, name, None), getattr(table, f"{name}_file", None)
            found += [beside] if beside else []
            found += [Path(reference[5:])] if reference and reference.startswith("file:") else []
    return list(dict.fromkeys(found))


def _rewrapped(path: Path, ring: object) -> int:
    from linewarden.service.audit import Change, recorded
    from linewarden.trust.envelope import SEALED, KeyRing
    from linewarden.trust.key_files import replace_file

    assert isinstance(ring, KeyRing)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: cannot be read ({error}); nothing of it was changed") from error
    new, count = SEALED.subn(lambda found: ring.rewrap(found[0]), text)
    if new != text:
        with recorded(path, Change("secrets.rotate", str(path), after={"key": ring.keys[0].id, "secrets": count})):
            replace_file(path, new.encode())
    return count


def _rewrapped_rows(config: Config, ring: KeyRing) -> int:
    """What is sealed in the state's database, if there is one."""
    from linewarden.service.audit.ledger import Ledger
    from linewarden.service.audit.places import KEY
    from linewarden.service.config.state_url import sqlite_file
    from linewarden.service.secret_rows import rewrap_rows
    from linewarden.service.state import open_state

    file = sqlite_file(config.state_url)
    if file is not None and not file.exists():
        return 0
    state = open_state(config.state_url, password=config.state_password())
    try:
        return rewrap_rows(Ledger(state, config.service.data / KEY), ring)
    finally:
        state.close()


def run_check(args: argparse.Namespace) -> int:
    """Raises ConfigError for the first that cannot be read."""
    from linewarden.service.config import load_config
    from linewarden.service.config.parts import receivers_of
    from linewarden.service.config.sealed import secret_of

    config = load_config(args.config)
    config.state_password()
    receivers_of(config)
    for at, provider in enumerate(config.oidc):
        secret_of(config, f"oidc[{at}].client_secret", provider.client_secret, None)
    print(f"{args.config}: every secret can be read")
    return 0
