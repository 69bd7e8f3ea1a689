"""Cards of a folder's models, read without making a model of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linewarden.service.maintenance.models import FORMAT, told_hash
from linewarden.service.maintenance.shelf import cards_in

CARD = {"name": "press", "made": "2026-11-27", "by": "anna", "file": "failed.parquet", "sha256": "ab",
        "unit": "machine", "time": "hour", "note": "", "hours": None, "version": 2, "seed": 0,
        "median_life": 120.0}  # fmt: skip
MODEL = {"columns": ["speed", "heat"], "settings": ["speed"], "cap": 73.0, "error": 2.2, "error_of_mean": 24.7,
         "covered": 0.9, "units": 20, "rows": 2405}  # fmt: skip


def file(folder: Path, **of_model: object) -> None:
    said = {"format": FORMAT, "card": CARD, "model": {**MODEL, **of_model}}
    (folder / "press.json").write_text(json.dumps({**said, "sha256": told_hash(said)}))


def test_no_folder_has_no_cards(tmp_path: Path) -> None:
    assert cards_in(tmp_path / "models") == []


def test_a_card_is_told(tmp_path: Path) -> None:
    file(tmp_path)
    ((name, card),) = cards_in(tmp_path)
    assert name == "press.json" and isinstance(card, dict)
    assert (card["version"], card["hours"], card["tags"], card["settings"]) == (2, None, ["heat"], ["speed"])
    assert (card["units"], card["rmse"], card["rmse_of_mean"]) == (20, 2.2, 24.7)


def test_another_file_of_the_same_name_is_read_anew(tmp_path: Path) -> None:
    file(tmp_path)
    cards_in(tmp_path)
    file(tmp_path, units=210)
    ((_, card),) = cards_in(tmp_path)
    assert isinstance(card, dict) and card["units"] == 210


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.json", "{", "no JSON"),
        ("a.json", "[" * 100_000, "no JSON"),
        ("a.json", '{"format": "other"}', "this version knows"),
        ("a.json", json.dumps({"format": FORMAT, "card": CARD, "model": MODEL, "sha256": "00"}), "hash does not fit"),
        ("a.onnx", "", "linewarden health card a.onnx"),
    ],
)
def test_what_is_no_model_says_why(tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text)
    ((_, why),) = cards_in(tmp_path)
    assert isinstance(why, str) and says in why


def test_a_card_that_lacks_something_says_what(tmp_path: Path) -> None:
    file(tmp_path, cap="far")
    ((_, why),) = cards_in(tmp_path)
    assert isinstance(why, str) and "train it again" in why
