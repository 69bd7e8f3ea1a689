"""Ransomware's part on the wire: shares are found, read, written over and renamed. The files are the exercise's own.

"Encrypting" is a fixed, reversible change of harmless files on disks that the exercise made in its temporary folder;
there is no cipher, no key, and nothing that runs or spreads by itself.
"""

from __future__ import annotations

from linewarden.exercises.context import Context
from linewarden.exercises.devices._smb import Share

ENDING = ".locked"
NOTE = "README_RESTORE.txt"
MASK = 0x5A


def scrambled(content: bytes) -> bytes:
    """The content as it stands after the attack; applied twice it is what it was."""
    return bytes(byte ^ MASK for byte in content)


def lock_share(ctx: Context, name: str, share: str) -> int:
    """Reads, writes over and renames each file of a share, and leaves a note; how many files."""
    ctx.require_attack_allowed()
    wire = Share(ctx, name, share)
    try:
        files = [file for file in wire.files() if not file.endswith(ENDING)]
        for file in files:
            wire.write(file, scrambled(wire.read(file)))
            wire.rename(file, file + ENDING)
        wire.write(NOTE, b"Exercise. Your files are scrambled, not lost: every byte was XORed with 0x5A.\n")
    finally:
        wire.close()
    return len(files)


def unlock_share(ctx: Context, name: str, share: str) -> int:
    """The recovery: every locked file under its old name with its old content."""
    wire = Share(ctx, name, share)
    try:
        files = [file for file in wire.files() if file.endswith(ENDING)]
        for file in files:
            wire.write(file, scrambled(wire.read(file)))
            wire.rename(file, file.removesuffix(ENDING))
    finally:
        wire.close()
    return len(files)
