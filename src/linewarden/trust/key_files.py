"""Keys in files: made once, readable by their owner only, never written over."""

from __future__ import annotations

import base64
import binascii
import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from linewarden.errors import StoreError
from linewarden.trust.note import Signer

MOST_BYTES = 65_536


def signer(path: Path, name: str) -> Signer:
    """The Ed25519 key in this file, which is made if it is not there (PEM, PKCS #8, mode 0600). Raises StoreError."""
    if not path.exists():
        make_file(path, new_signing_key())
    return read_signer(path, name)


def new_signing_key() -> bytes:
    """A new private key, as it stands in a file."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def read_signer(path: Path, name: str) -> Signer:
    """The key of a file that is there. Raises StoreError: no such file, others may read it, or it is none."""
    try:
        key = load_pem_private_key(private_bytes(path), password=None)
    except (ValueError, TypeError) as error:
        raise StoreError(f"{path}: is no private key in PEM without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise StoreError(f"{path}: is a key of another kind; Ed25519 is needed")
    return Signer(name, key)


def make_file(path: Path, data: bytes) -> None:
    """A new file for its owner only, on disk when this returns. One that another made meanwhile stays.

    It appears whole: who reads it at once reads all of it.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        make_folder(path.parent)
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            owner = path.parent.stat()
            if os.geteuid() == 0 and owner.st_uid != 0:  # root makes it for the service whose folder it is
                os.fchown(handle, owner.st_uid, owner.st_gid)
            os.write(handle, data)
            os.fsync(handle)
        finally:
            os.close(handle)
        try:
            os.link(new, path)
        except FileExistsError:
            return
    except OSError as error:
        raise StoreError(f"{path}: cannot be made ({error.strerror or error}); check the folder's owner") from error
    finally:
        new.unlink(missing_ok=True)
    sync_folder(path.parent)


def make_folder(path: Path) -> None:
    """A folder that is not there yet; what root makes belongs to whom the folder around it belongs. Raises OSError."""
    missing = [p for p in (path, *path.parents) if not p.exists()]
    path.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0 and missing:
        owner = missing[-1].parent.stat()
        for folder in missing:
            os.chown(folder, owner.st_uid, owner.st_gid, follow_symlinks=False)


def sync_folder(folder: Path) -> None:
    """What was renamed or made in it is on disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def private_bytes(path: Path) -> bytes:
    """What a file has that only its owner may read. Raises StoreError."""
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror or error}); check path and owner") from error
    if not stat.S_ISREG(about.st_mode) or len(data) > MOST_BYTES:
        raise StoreError(f"{path}: is no file with a key")
    if about.st_mode & 0o077:
        raise StoreError(f"{path}: others may read this key; chmod 600 {path}")
    return data


def key_of_32_bytes(data: bytes, where: str) -> bytes:
    """A symmetric key: 32 bytes, or their Base64 in one line. Raises StoreError."""
    if len(data) == 32:
        return data
    try:
        found = base64.b64decode(data.strip(), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != 32:
        raise StoreError(f"{where}: is no key; it needs 32 bytes, or their Base64 (openssl rand -base64 32)")
    return found


def replace_file(path: Path, data: bytes) -> None:
    """A file that is there gets another content, whole or not at all; owner and mode stay. Raises StoreError."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        about = path.stat()
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            if (about.st_uid, about.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(handle, about.st_uid, about.st_gid)
            os.fchmod(handle, stat.S_IMODE(about.st_mode))
            os.write(handle, data)
            os.fsync(handle)
        finally:
            os.close(handle)
        new.replace(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror or error}); nothing was changed") from error
    finally:
        new.unlink(missing_ok=True)
    sync_folder(path.parent)
