"""Brings a backup into an empty folder: all of it, checked, or nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from linewarden.errors import ConfigError, LinewardenError, StoreError
from linewarden.service.audit.checking import Checked, check
from linewarden.service.audit.ledger import Ledger
from linewarden.service.audit.places import KEY
from linewarden.service.backup.archive import Unpacked, unpack
from linewarden.service.backup.contents import ELSEWHERE
from linewarden.service.backup.database import check_file
from linewarden.service.state import open_state
from linewarden.trust.age import Identity, Passphrase
from linewarden.trust.key_files import sync_folder
from linewarden.trust.note import VerifierKey


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back. `logs`: by name, what checking its audit log found; `signer`: whose backup it is."""

    unpacked: Unpacked
    logs: dict[str, Checked]
    signer: str

    @property
    def elsewhere(self) -> list[str]:
        """Folders that belong to another place of the machine."""
        those = {
            os.path.dirname(n.removeprefix(ELSEWHERE)) for n in self.unpacked.names if n.startswith(f"{ELSEWHERE}/")
        }
        return sorted(f for f in those if not any(o != f and f.startswith(f"{o}/") for o in those))


def restore(
    file: Path, into: Path, identities: Sequence[Identity | Passphrase], most_bytes: int,
    signed_by: VerifierKey | None = None,
) -> Restored:  # fmt: skip
    """Restores into a folder that is empty or not there; it appears when all was checked.

    Raises StoreError or ConfigError: then nothing was restored.
    """
    target = Path(os.path.abspath(into))
    if target.is_symlink() or (target.exists() and (not target.is_dir() or any(target.iterdir()))):
        raise ConfigError(f"{into}: is not empty; name a folder that is not there yet")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{target.name[:80]}.", dir=target.parent))
    except OSError as error:
        raise StoreError(f"{into}: cannot be made ({error.strerror or error}); choose another folder") from error
    try:
        with _opened(file) as source:
            unpacked = unpack(source, identities, scratch, most_bytes)
        found = _checked(scratch, unpacked, signed_by)
        scratch.rename(target)  # replaces an empty folder, and no other
        sync_folder(target.parent)
    except (LinewardenError, OSError) as error:
        why = error if isinstance(error, LinewardenError) else (error.strerror or error)
        kind = ConfigError if isinstance(error, ConfigError) else StoreError
        raise kind(f"{file}: {why}; nothing was restored") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return found


def _opened(file: Path) -> closing:  # type: ignore[type-arg]
    return closing(file.open("rb"))


def _checked(folder: Path, unpacked: Unpacked, signed_by: VerifierKey | None) -> Restored:
    if signed_by is not None and not unpacked.signed_by([signed_by]):  # before a database of a stranger is opened
        raise StoreError(f"it is not signed by {signed_by}")
    logs: dict[str, Checked] = {}
    keys: list[VerifierKey] = []
    databases = unpacked.about.get("databases")
    for name in databases if isinstance(databases, list) else []:
        if name not in unpacked.names:
            raise StoreError(f"{name!r} is missing in it")
        check_file(folder / name)
        state = open_state(f"sqlite:///{folder / name}")
        try:
            logs[name] = check(Ledger(state, (folder / name).parent / KEY))
        finally:
            state.close()
        if logs[name].key:
            keys.append(VerifierKey.parse(logs[name].key))
    signers = unpacked.signed_by([signed_by] if signed_by else keys)
    return Restored(unpacked, logs, str(signers[0]) if signers else "")
