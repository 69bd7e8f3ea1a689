"""Files for each use: what is right is taken, whatever it is called; what is hostile is refused in words."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import openpyxl
import pytest
from hypothesis import example, given, strategies as st

from linewarden.errors import ConfigError
from linewarden.service.names_file import read_names
from linewarden.service.uploads import UploadError, kinds
from linewarden.service.uploads.packed import Bounds
from linewarden.service.uploads.sniffing import Content, sniff
from linewarden.service.uploads.zips import BoundedZip, ZipBounds
from tests.service.uploads.samples import (
    BILLION_LAUGHS,
    DEVICE,
    LINK,
    PCAP,
    PCAPNG,
    gzip_bomb,
    lying,
    overlapping,
    workbook,
    zipped,
    zstd_bomb,
    zstd_raw,
)

RULE = b"title: x\n"
packed = partial(gzip.compress, mtime=0)  # else the names of the tests change by the second


def kept(folder: Path, data: bytes, name: str = "upload") -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


@pytest.mark.parametrize(
    ("data", "suffix", "size"),
    [
        (PCAP, ".pcap", len(PCAP)),
        (PCAPNG, ".pcapng", len(PCAPNG)),
        (packed(PCAP), ".pcap.gz", len(PCAP)),
        (zstd_raw(PCAPNG + bytes(300_000)), ".pcapng.zst", len(PCAPNG) + 300_000),
        (b"\x50\x2a\x4d\x18\x02\0\0\0ab" + zstd_raw(PCAP), ".pcap.zst", len(PCAP)),
    ],
)
def test_captures_are_known_by_their_bytes(tmp_path: Path, data: bytes, suffix: str, size: int) -> None:
    found = kinds.capture(kept(tmp_path, data, "holiday.jpg"))
    assert (found.suffix, found.size) == (suffix, size)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is empty"),
        (b"MZ\x90\0\3", "something unknown"),
        (b"#!/bin/sh\n", "it is text"),
        (packed(b"#!/bin/sh\n"), "in it is text"),
        (packed(packed(PCAP)), "in it is packed with gzip"),
        (zstd_raw(packed(PCAP)), "in it is packed with gzip"),
        (packed(PCAP)[:-6], "damaged, or cut short"),
        (packed(PCAP)[:-8] + bytes(8), "damaged, or cut short"),
        (zstd_raw(PCAP)[:-3], "damaged, or cut short"),
        (b"\x1f\x8b\x08" + bytes(40), "damaged, or cut short"),
    ],
)
def test_what_is_no_capture_is_refused_whatever_it_is_called(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(UploadError, match=why):
        kinds.capture(kept(tmp_path, data, "plant.pcap.gz"))


@pytest.mark.parametrize("bomb", [gzip_bomb(PCAP, 200), zstd_bomb(PCAP, 4_000)], ids=["gzip", "zstd"])
def test_a_bomb_is_refused_soon(tmp_path: Path, bomb: bytes) -> None:
    assert len(bomb) < 300_000
    began = time.process_time()
    with pytest.raises(UploadError, match="bomb"):
        kinds.capture(kept(tmp_path, bomb))
    assert time.process_time() - began < 5


def test_what_shrinks_little_is_still_bounded_in_all(tmp_path: Path) -> None:
    with pytest.raises(UploadError, match="more than 5 MB"):
        kinds.capture(kept(tmp_path, zstd_raw(PCAP + bytes(6_000_000))), Bounds(most=5_000_000))


@given(st.binary(max_size=200))
@example(b"\x0a\x0d\x0d\x0a")
@example(b"\x50")
def test_any_bytes_are_something(data: bytes) -> None:
    assert sniff(data) in Content


@given(st.binary(max_size=300), st.sampled_from([b"", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", PCAP[:4]]))
def test_any_bytes_are_taken_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, head: bytes
) -> None:
    path = kept(tmp_path_factory.getbasetemp(), head + data)
    for use in (kinds.capture, kinds.names, kinds.backup, kinds.workbook, _all_rules):
        assert "\n" not in _said(use, path)


def _said(use: Callable[[Path], object], path: Path) -> str:
    try:
        use(path)
    except UploadError as error:
        return str(error)
    return ""


def _all_rules(path: Path) -> None:
    with kinds.rules(path):
        pass


@given(st.data())
def test_a_damaged_archive_is_refused_or_read_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = zipped(tmp_path_factory.getbasetemp() / "damaged.zip", {"a.yml": b"title: a\n" * 50, "b/c.yaml": RULE})
    whole = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))] if data.draw(st.booleans()) else whole)
    try:
        with kinds.rules(path) as folder:
            assert all(p.resolve().is_relative_to(folder.resolve()) for p in folder.rglob("*"))
    except UploadError:
        pass


NAMES_THAT_LEAD_ELSEWHERE = [
    "/etc/cron.d/a.yml", "../a.yml", "a/../../b.yml", "./a.yml", "a//b.yml", "..\\a.yml", "C:\\a.yml", "C:a.yml", "a:x",
    "\\\\host\\share\\a.yml", "a\0.yml", "a\n.yml", "a\u202egnp.yml", "a\u200b.yml", "con", "NUL.yml", "com1.yml",
    "lpt9", "a.yml.", "a.yml ", " a.yml", "a/" * 40 + "b.yml", "x" * 300 + ".yml", "a" * 2_000 + ".yml", "aux .yml",
    "conin$",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES_THAT_LEAD_ELSEWHERE, ids=ascii)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    before = sorted(tmp_path.parent.rglob("*.yml"))
    with pytest.raises(UploadError, match="leads elsewhere"), kinds.rules(zipped(tmp_path / "r.zip", {name: RULE})):
        pass
    assert sorted(tmp_path.parent.rglob("*.yml")) == before


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.yml", "A.YML"), ("caf\u00e9.yml", "cafe\u0301.yml"), ("\ufb01le.yml", "file.yml"), ("a", "a/b.yml"),
        ("a/b.yml", "A"), ("stra\u00dfe.yml", "STRASSE.yml"),
    ],
)  # fmt: skip
def test_two_names_for_one_file_are_refused(tmp_path: Path, one: str, other: str) -> None:
    with pytest.raises(UploadError, match="twice"), kinds.rules(zipped(tmp_path / "r.zip", {one: RULE, other: RULE})):
        pass


@pytest.mark.parametrize("mode", [LINK, DEVICE])
def test_links_and_devices_are_refused(tmp_path: Path, mode: int) -> None:
    path = zipped(tmp_path / "r.zip", {"a.yml": b"/etc/shadow"}, mode=mode)
    with pytest.raises(UploadError, match="link or a device"), kinds.rules(path):
        pass


def test_bombs_in_archives_are_refused(tmp_path: Path) -> None:
    for path, why in (
        (zipped(tmp_path / "1.zip", {f"{n}.yml": bytes(3_900_000) for n in range(20)}), "bomb"),
        (zipped(tmp_path / "2.zip", {"a.yml": bytes(5_000_000)}), "larger than 4 MB"),
        (zipped(tmp_path / "3.zip", {f"{n}.txt": b"" for n in range(20_001)}), "more than 20,000 files"),
        (overlapping(tmp_path / "4.zip", 12), "share their bytes|bomb"),
        (zipped(tmp_path / "5.zip", {"a.yml": (tmp_path / "4.zip").read_bytes()}), "an archive itself"),
        (zipped(tmp_path / "6.zip", {"a.yml": packed(RULE)}), "an archive itself"),
        (lying(tmp_path / "7.zip", said=1_000, real=30_000_000), "damaged|larger|bomb|no ZIP"),
    ):
        with pytest.raises(UploadError, match=why), kinds.rules(path):
            pass


def test_entries_that_share_their_bytes_are_refused_below_the_bounds_too(tmp_path: Path) -> None:
    bounds = ZipBounds(ratio=1e9)
    with pytest.raises(UploadError, match="share their bytes"):
        BoundedZip(overlapping(tmp_path / "a.zip", 3), bounds)


def test_a_size_that_is_a_lie_is_counted(tmp_path: Path) -> None:
    path = lying(tmp_path / "a.zip", said=100, real=3_000_000)
    with pytest.raises(UploadError), BoundedZip(path, ZipBounds()) as archive:
        archive.read("a.yml")


def test_rules_are_unpacked_for_as_long_as_they_are_needed(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "r.zip", {"rules/a.yml": RULE, "rules/deep/B.YAML": RULE, "readme.md": b"x", "run.sh": b"x"}
    )
    with kinds.rules(path) as folder:
        assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()) == [
            "rules/a.yml", "rules/deep/B.YAML",
        ]  # fmt: skip
    assert not folder.exists()
    with pytest.raises(UploadError, match="no Sigma rule"), kinds.rules(zipped(tmp_path / "n.zip", {"a.txt": b"x"})):
        pass


def _real_workbook(path: Path) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (("address", "name"), ("10.0.0.1", "Filler")):
        book.active.append(row)
    book.save(path)
    return path


def test_a_real_workbook_is_taken_and_a_long_one_too(tmp_path: Path) -> None:
    assert kinds.names(_real_workbook(tmp_path / "a.bin")) == ".xlsx"
    book = openpyxl.Workbook()
    assert book.active is not None
    for n in range(20_000):
        book.active.append((f"10.0.{n // 250}.{n % 250}", "Valve"))
    book.save(tmp_path / "long.xlsx")
    assert kinds.names(tmp_path / "long.xlsx") == ".xlsx"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda p: workbook(p, BILLION_LAUGHS), "document type"),
        (lambda p: workbook(p, BILLION_LAUGHS.decode().encode("utf-16")), "document type"),
        (lambda p: workbook(p, bytes(160_000_000)), "bomb|larger"),
        (lambda p: workbook(p, b"<worksheet/>", **{"../../evil": b"x"}), "leads elsewhere"),
        (lambda p: workbook(p, b"<worksheet/>", **{"xl/embeddings/a.zip": b"PK\x03\x04"}), "archive itself"),
        (lambda p: zipped(p, {"a.txt": b"x"}), "no Excel workbook"),
    ],
)
def test_hostile_workbooks_open_nowhere(tmp_path: Path, make: object, why: str) -> None:
    path = make(tmp_path / "names.xlsx")  # type: ignore[operator]
    with pytest.raises(UploadError, match=why):
        kinds.names(path)
    with pytest.raises(ConfigError, match=rf"names\.xlsx: not a readable Excel workbook: .*({why})"):
        read_names(path)


def test_names_are_csv_or_a_workbook(tmp_path: Path) -> None:
    assert kinds.names(kept(tmp_path, "address;name\n10.0.0.1;Füller\n".encode("cp1252"))) == ".csv"
    assert kinds.names(kept(tmp_path, "address;name\n".encode("utf-16"))) == ".csv"
    for data, why in ((b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Office"), (PCAP, "a capture"), (b"\0\1", "unknown")):
        with pytest.raises(UploadError, match=why):
            kinds.names(kept(tmp_path, data))


def test_backups_are_encrypted(tmp_path: Path) -> None:
    kinds.backup(kept(tmp_path, b"age-encryption.org/v1\n-> X25519 a\n"))
    with pytest.raises(UploadError, match="ZIP archive, and no backup"):
        kinds.backup(zipped(tmp_path / "b.zip", {"linewarden.toml": b"x"}))


def test_the_ids_of_a_report_stay_json(tmp_path: Path) -> None:
    """What is refused is told with nothing that moves a cursor or breaks a line, whatever it is called."""
    name = "\x1b[2J\u202e" + "x" * 500 + "\n"
    with pytest.raises(UploadError) as found, kinds.rules(zipped(tmp_path / "r.zip", {name: RULE})):
        pass
    assert str(found.value).isprintable()
    assert json.loads(json.dumps(str(found.value))) == str(found.value)
