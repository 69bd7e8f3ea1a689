"""Files appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from linewarden.errors import StoreError
from linewarden.service.files import reserve


def test_nothing_stays_when_the_work_fails(tmp_path: Path) -> None:
    target = tmp_path / "r.html"
    target.write_text("earlier")
    with pytest.raises(RuntimeError), reserve(target):
        raise RuntimeError
    assert target.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("earlier")
    (tmp_path / "link").symlink_to("real")
    with reserve(tmp_path / "link") as file:
        file.write("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_device_is_written_to_and_not_replaced() -> None:
    with reserve(Path("/dev/null")) as file:
        file.write("x")
    assert Path("/dev/null").is_char_device()
    with reserve(Path("/dev/full")) as file, pytest.raises(StoreError, match="/dev/full"):
        file.write("x")


def test_surrogates_of_broken_names_can_be_written(tmp_path: Path) -> None:
    with reserve(tmp_path / "r.html") as file:
        file.write("a\udcffb")
    assert (tmp_path / "r.html").read_bytes() == b"a?b"
