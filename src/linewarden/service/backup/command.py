"""`linewarden backup`, `backup key` and `restore`: their grammar and output. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from linewarden.service.backup.restoring import Restored
    from linewarden.service.options import Commands
    from linewarden.trust.age import Identity, Passphrase, Recipient

BACKUP = """examples:
  linewarden backup key > backup.key                           once; keep it away from this machine, and copied
  linewarden backup linewarden.toml /backup/2026-12-01.age --to age1...
  linewarden backup linewarden.toml plant.age --passphrase-file passphrase --with-lake
The service may go on. In it are configuration, state with the audit log, baselines, corrections, expected work, rules,
keys and the secrets that the configuration names; --with-lake: the records, too. `age -d` opens it as well.
"""
RESTORE = """examples:
  linewarden restore /backup/2026-12-01.age --into restored/ --identity backup.key
  linewarden restore plant.age --into restored/ --passphrase-file passphrase --signed-by "$(cat audit-key.txt)"
  linewarden restore plant.age --into restored/ --identity backup.key --state postgresql://linewarden@db/linewarden
All of it or nothing, into an empty folder. What was outside of the configuration's folder is in restored/elsewhere/.
"""


def add_backup(commands: Commands) -> None:
    """Adds the commands to the whole grammar."""
    made = commands.add("backup", "back up what makes this site's Linewarden, encrypted", BACKUP, run_backup)
    made.add_argument("config", type=Path, metavar="CONFIG.toml", help="the configuration")
    made.add_argument("file", type=Path, metavar="FILE", help="the backup; it must not be there yet")
    made.add_argument("--to", action="append", default=[], metavar="KEY", help="for whom: age1..., may be repeated")
    made.add_argument("--passphrase-file", type=Path, metavar="FILE", help="or for who knows this")
    made.add_argument("--with-lake", action="store_true", help="the records, too: this may be large")
    commands.add("backup key", "make a key for backups", BACKUP, run_key)
    back = commands.add("restore", "bring a backup back, into an empty folder", RESTORE, run_restore)
    add: Any = back.add_argument
    add("file", type=Path, metavar="FILE", help="the backup")
    add("--into", type=Path, required=True, metavar="FOLDER", help="where to; it is made")
    add("--identity", action="append", default=[], type=Path, metavar="FILE", help="a file with AGE-SECRET-KEY-1...")
    add("--passphrase-file", type=Path, metavar="FILE", help="a file with the passphrase")
    add("--signed-by", metavar="KEY", help="refuse it unless this audit key signed it (`linewarden audit key`)")
    add("--max-gb", type=float, default=100.0, metavar="GB", help="refuse more than so much (default: %(default)g)")
    add("--state", metavar="URL", help="bring a PostgreSQL state into this database, which must be empty")


def run_key(_args: argparse.Namespace) -> int:
    """A new key, as age-keygen writes it."""
    from linewarden.trust.age import Identity

    key = Identity.new()
    print(f"# public key: {key.recipient}\n{key}")
    print(f"Public key: {key.recipient}", file=sys.stderr)
    return 0


def run_backup(args: argparse.Namespace) -> int:
    """To a file."""
    from linewarden.reports.words import size
    from linewarden.service.backup.making import back_up
    from linewarden.service.config import load_config

    recipients: list[Recipient | Passphrase] = [_recipient(text) for text in args.to]
    if args.passphrase_file:
        recipients.append(_passphrase(args.passphrase_file))
    if not recipients:
        raise ConfigError("--to or --passphrase-file: say who may open it; `linewarden backup key` makes a key")
    file = args.config.absolute()
    made = back_up(load_config(file), file, args.file, recipients, args.with_lake)
    print(f"{args.file}: {made.files:,} files, {size(made.size)}.")
    if not made.key:
        print("linewarden: warning: not signed, as the audit log's key cannot be read by this user", file=sys.stderr)
    return 0


def _recipient(text: str) -> Recipient:
    from linewarden.trust.age import Recipient

    try:
        return Recipient.parse(text)
    except ConfigError as error:
        raise ConfigError(f"--to: {error}") from error


def _passphrase(file: Path) -> Passphrase:
    from linewarden.service.exporting.destination import secret
    from linewarden.trust.age import Passphrase

    return Passphrase(secret(file))


def _identities(args: argparse.Namespace) -> list[Identity | Passphrase]:
    from linewarden.trust.age import Identity

    found: list[Identity | Passphrase] = []
    for file in args.identity:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
            found += [Identity.parse(line) for line in lines if line.strip() and not line.startswith("#")]
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{file}: cannot be read ({error})") from error
        except ConfigError as error:
            raise ConfigError(f"{file}: {error}") from error
    if args.passphrase_file:
        found.append(_passphrase(args.passphrase_file))
    if not found:
        raise ConfigError("--identity or --passphrase-file: what opens it?")
    return found


def run_restore(args: argparse.Namespace) -> int:
    """Into a folder, and perhaps a database."""
    from linewarden.service.backup.restoring import restore
    from linewarden.trust.note import VerifierKey

    if not 0 < args.max_gb < 1e6:
        raise ConfigError("--max-gb: more than 0, and below a million")
    signed_by = VerifierKey.parse(args.signed_by) if args.signed_by else None
    found = restore(args.file, args.into, _identities(args), round(args.max_gb * 1e9), signed_by)
    _say(args, found)
    if args.state:
        _into_database(args, found)
    return 0


def _into_database(args: argparse.Namespace, found: Restored) -> None:
    import os

    from linewarden.service.backup.database import load
    from linewarden.service.config.model import PASSWORD_VARIABLE
    from linewarden.service.config.state_url import checked_url, shown_url

    dumped = found.unpacked.about.get("dumped")
    if not dumped or dumped not in found.unpacked.names:
        raise StoreError("--state: the state in this backup is an SQLite file, and stands in the folder")
    try:
        url = checked_url(args.state, Path.cwd())
    except ValueError as error:
        raise ConfigError(f"--state: {error}") from error
    load(args.into / str(dumped), url, os.environ.get(PASSWORD_VARIABLE))
    print(f"The state is in {shown_url(url)}.")


def _say(args: argparse.Namespace, found: Restored) -> None:
    from linewarden.reports.words import clean

    about = found.unpacked.about
    lines = [f"{len(found.unpacked.names):,} files in {args.into}; made {about.get('made')} on {about.get('host')}."]
    if found.signer:
        known = "" if args.signed_by else " (the key is that of the audit log in it; --signed-by checks against yours)"
        lines.append(f"Signed by {found.signer}{known}.")
    else:
        lines.append("Not signed: whoever had the public key may have made it.")
    for name, log in found.logs.items():
        told = [p.text for p in log.problems] or [f"{log.entries:,} entries, as they were written"]
        lines += [f"Audit log in {name}: {text}" for text in told]
    lines += [f"Belongs to {folder}: {args.into}/elsewhere{folder}" for folder in found.elsewhere]
    for line in lines:
        print(clean(line))
