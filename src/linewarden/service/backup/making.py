"""Makes a backup while the service runs: snapshots of the databases, and the small files as they were at one moment."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from linewarden import __version__
from linewarden.errors import ConfigError, LinewardenError, StoreError
from linewarden.service.audit import Change
from linewarden.service.audit.heads import all_keys, sign
from linewarden.service.audit.places import ledger_at
from linewarden.service.backup.archive import Pack
from linewarden.service.backup.contents import STATE, Item, items, lake_items
from linewarden.service.backup.database import dump, snapshot
from linewarden.service.config.state_url import shown_url, sqlite_file
from linewarden.trust.age import Passphrase, Recipient
from linewarden.trust.key_files import read_signer, sync_folder

if TYPE_CHECKING:
    from linewarden.service.audit.ledger import Ledger
    from linewarden.service.config.model import Config
    from linewarden.trust.note import Signer

TRIES, PAUSE_S = 5, 0.5


@dataclass(frozen=True, slots=True)
class Made:
    """What was written. `key`: who signed it; empty if the log's key could not be read."""

    files: int
    size: int
    key: str


def back_up(
    config: Config, file: Path, out: Path, recipients: Sequence[Recipient | Passphrase], with_lake: bool
) -> Made:
    """Writes a backup, whole or not at all, and tells the audit log. `file`: the configuration.

    Raises StoreError and ConfigError.
    """
    if out.exists():
        raise ConfigError(f"{out}: is there already; give another name")
    try:
        with ledger_at(file) as ledger, _scratch(config) as scratch:
            signer = _signer(ledger)
            staged = _staged(config, file, Path(scratch))
            lake = lake_items(config, file) if with_lake else []
            made = _written(config, out, recipients, staged, lake, signer)
            said = {"files": made.files, "bytes": made.size, "lake": with_lake, "for": [_shown(r) for r in recipients]}
            ledger.add(Change("backup.made", str(out.absolute()), after=said))
    except OSError as error:
        raise StoreError(f"{error.filename or out}: cannot be read or written ({error.strerror or error})") from error
    return made


def _scratch(config: Config) -> tempfile.TemporaryDirectory[str]:
    """Copies in the clear stay in the data folder, for this user only: where the backup goes may be a share."""
    data = config.service.data
    return tempfile.TemporaryDirectory(prefix=".backup.", dir=data if data.is_dir() else None)


def _shown(recipient: Recipient | Passphrase) -> str:
    return str(recipient) if isinstance(recipient, Recipient) else "a passphrase"


def _signer(ledger: Ledger) -> Signer | None:
    """The log's key, if this user may read it. What was said until now is under a signed head then, too."""
    if not os.access(ledger.key_file, os.R_OK):
        return None
    sign(ledger)
    with ledger.state.engine.connect() as connection:
        keys = all_keys(connection)
    try:
        return read_signer(ledger.key_file, keys[-1].key.name) if keys else None
    except LinewardenError:
        return None


def _staged(config: Config, file: Path, scratch: Path) -> list[Item]:
    """Copies that belong together: made again if a file was changed meanwhile."""
    for attempt in range(TRIES):
        folder = scratch / str(attempt)
        folder.mkdir()
        before = _stamps(items(config, file))
        staged = [_copy(item, folder / str(n)) for n, item in enumerate(items(config, file))]
        if sqlite_file(config.state_url) is None:
            dump(config.state_url, config.state_password(), folder / STATE)
            staged.append(Item(STATE, folder / STATE, True))
        if _stamps(items(config, file)) == before:
            return staged
        time.sleep(PAUSE_S)
    raise StoreError("files are being changed all the time; try again when nobody edits them")


def _copy(item: Item, copy: Path) -> Item:
    if item.is_database:
        snapshot(item.path, copy)
    else:
        copy.write_bytes(item.path.read_bytes())
    about = item.path.stat()
    copy.chmod(about.st_mode & 0o777)
    os.utime(copy, ns=(about.st_atime_ns, about.st_mtime_ns))
    return Item(item.name, copy, item.is_database)


def _stamps(those: Sequence[Item]) -> list[tuple[str, int, int]]:
    """What tells a changed file; databases have snapshots, and are always changed."""
    found = []
    for item in those:
        if not item.is_database:
            about = item.path.stat()
            found.append((item.name, about.st_mtime_ns, about.st_size))
    return found


def _written(
    config: Config, out: Path, recipients: Sequence[Recipient | Passphrase], staged: Sequence[Item],
    lake: Sequence[Item], signer: Signer | None,
) -> Made:  # fmt: skip
    handle, name = tempfile.mkstemp(prefix=f".{out.name}.", suffix=".tmp", dir=out.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            files = _packed(config, file, recipients, staged, lake, signer)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        os.link(name, out)  # unlike a rename it replaces nothing
        sync_folder(out.parent)
    finally:
        os.unlink(name)
    return Made(files, size, str(signer.verifier) if signer else "")


def _packed(
    config: Config, file: BinaryIO, recipients: Sequence[Recipient | Passphrase], staged: Sequence[Item],
    lake: Sequence[Item], signer: Signer | None,
) -> int:  # fmt: skip
    state = next((i.name for i in staged if i.name == STATE), "")
    about = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"), "host": platform.node(), "program": __version__,
        "site": config.service.site, "state": shown_url(config.state_url), "dumped": state, "lake": bool(lake),
        "databases": [i.name for i in staged if i.is_database],
    }  # fmt: skip
    pack = Pack(file, recipients, about)
    for item in staged:
        pack.path(item.path, name=item.name)
    for item in lake:
        try:
            pack.path(item.path, name=item.name)
        except FileNotFoundError:
            raise StoreError("the lake was merged meanwhile; try again, or stop the service for it") from None
    pack.close(signer)
    return pack.files
