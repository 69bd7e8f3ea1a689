"""The captures that are measured: made once from ../shared, and kept in build/bench."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
FILE_HEADER, RECORD_HEADER = 24, 16  # bytes, libpcap


@dataclass(frozen=True, slots=True)
class Made:
    """A capture, and what is known of it: `truth` has exact counts for the dense one, else None."""

    kind: str
    path: Path
    packets: int
    truth: Path | None

    @property
    def size(self) -> int:
        """In bytes."""
        return self.path.stat().st_size


class Maker:
    """Makes captures into `folder`, of those in `data` and with the scripts that stand beside `data`."""

    def __init__(self, data: Path, folder: Path) -> None:
        self._data = data
        self._shared = data.parent
        self._folder = folder

    def real(self, packets: int) -> Made:
        """A mix of real captures, shifted and looped (make_big_capture.py)."""
        path = self._folder / f"real-{packets}.pcap"
        beside = path.with_name(path.name + ".BIG.json")
        if not _whole(path, beside):
            script = self._shared / "make_big_capture.py"
            captures = self._data / "captures"
            _make([sys.executable, str(script), str(captures), str(path), "--packets", str(packets)], path, beside)
        return Made("real mix", path, _note(path, beside)["packets"], None)

    def dense(self, packets: int) -> Made:
        """Nothing but OT polling and some other TCP, with its exact truth (make_ot_capture.py)."""
        path = self._folder / f"dense-{packets}.pcap"
        beside = path.with_name(path.name + ".json")
        if not _whole(path, beside):
            script = self._shared / "make_ot_capture.py"
            _make([str(self._python()), str(script), str(path), str(packets)], path, beside)
        return Made("dense OT", path, _note(path, beside)["pkts"], beside)

    def _python(self) -> Path:
        """An interpreter with numpy and numba, which only the maker of the dense capture needs."""
        venv, stamp = self._folder / "venv", self._folder / "venv" / ".installed"
        python = venv / "bin" / "python"
        if not stamp.exists():
            print("bench: numpy and numba into build/bench/venv (once)", flush=True)
            subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
            subprocess.run([*pip, "--only-binary", ":all:", "-r", str(REQUIREMENTS)], check=True)
            stamp.touch()
        return python


def _make(command: list[str], path: Path, beside: Path) -> None:
    print(f"bench: making {path.name} (once)", flush=True)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    note = json.loads(beside.read_text(encoding="utf-8"))
    note["file_bytes"] = path.stat().st_size
    beside.write_text(json.dumps(note), encoding="utf-8")


def _note(path: Path, beside: Path) -> dict[str, Any]:
    note: dict[str, Any] = json.loads(beside.read_text(encoding="utf-8"))
    if note.get("file_bytes") != path.stat().st_size:
        raise ValueError(f"{path} is not the size that {beside.name} says; delete both and run again")
    return note


def _whole(path: Path, beside: Path) -> bool:
    if not (path.exists() and beside.exists()):
        return False
    return bool(json.loads(beside.read_text(encoding="utf-8")).get("file_bytes") == path.stat().st_size)


def first_packets(source: Path, packets: int) -> Path:
    """The first packets of a little-endian pcap, in a file beside it; the file itself if it has no more."""
    path = source.with_name(f"{source.stem}-first-{packets}.pcap")
    if path.exists() and path.stat().st_mtime >= source.stat().st_mtime:
        return path
    with source.open("rb") as file:
        file.seek(FILE_HEADER)
        for _ in range(packets):
            header = file.read(RECORD_HEADER)
            if len(header) < RECORD_HEADER:
                return source
            file.seek(struct.unpack_from("<I", header, 8)[0], 1)
        end = file.tell()
        file.seek(0)
        with path.open("wb") as out:
            while file.tell() < end:
                out.write(file.read(min(1 << 22, end - file.tell())))
    return path
