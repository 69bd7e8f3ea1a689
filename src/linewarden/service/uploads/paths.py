"""Names in archives, and of files that people send.

What a name may not do: lead out of the folder (`..`, an absolute path, a drive, a share), reach something else than a
file (streams of NTFS, devices of DOS), be two names for one file (capitals, Unicode forms, dots and spaces at the end),
or look like another (control characters, direction marks).
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from linewarden.service.uploads import UploadError

MOST_NAME, MOST_DEPTH, MOST_PART = 1_024, 32, 255
MOST_SHOWN = 120
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:[. ].*)?", re.IGNORECASE)


class Members:
    """The names of an archive, as they come: each a path of its own, below the folder that it is unpacked into."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def add(self, name: str) -> PurePosixPath:
        """One more. Raises UploadError, which names it in short."""
        parts = name.split("/")
        odd = any(c in name for c in "\\\0:") or len(name) > MOST_NAME or len(parts) > MOST_DEPTH
        if odd or not all(map(_is_plain, parts)):
            raise UploadError(f"a name in it leads elsewhere: {shown(name)}; refused")
        key = folded(name).split("/")
        file, folders = "/".join(key), {"/".join(key[:n]) for n in range(1, len(key))}
        if file in self._files or file in self._folders or folders & self._files:
            raise UploadError(f"it has {shown(name)} twice; refused")
        self._files.add(file)
        self._folders |= folders
        return PurePosixPath(*parts)


def _is_plain(part: str) -> bool:
    if part in ("", ".", "..") or len(part.encode("utf-8", "surrogateescape")) > MOST_PART:
        return False
    if part[-1] in ". " or part[0] == " " or _DEVICES.fullmatch(part):
        return False
    return not any(unicodedata.category(c) in ("Cc", "Cf", "Co", "Cn", "Zl", "Zp") for c in part)


def folded(name: str) -> str:
    """Equal for names that some file system takes for one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def display_name(name: str) -> str:
    """What a file is called, for people to read: no folders, no characters that cannot be seen. Never empty."""
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] not in "C")
    return " ".join(plain.split())[:MOST_SHOWN].strip(". ") or "upload"


def shown(name: str) -> str:
    """A name in a message: cut, and with nothing that moves a cursor."""
    return ascii(name[:60]) if len(name) <= 60 else f"{name[:57]!a}..."
