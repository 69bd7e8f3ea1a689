"""What people said is kept, and the last word counts."""

from __future__ import annotations

from pathlib import Path

from linewarden.plant.corrections import Corrections
from linewarden.plant.names import parse_names_csv
from linewarden.service.corrections_file import Kept, corrected, load, save

A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"


def test_kept_as_it_was(tmp_path: Path) -> None:
    names = parse_names_csv(f"address,name,role\n{A},Füller,hmi\n{B},,\n", "names.csv")
    kept = Kept(names, corrected(Corrections(), ((A, B),), (C,), ((C, "name", "x=y"),)))
    save(tmp_path, kept)
    again = load(tmp_path)
    assert again.corrections == kept.corrections
    assert again.names is not None
    assert [(r.address, r.name, r.role) for r in again.names.rows] == [(r.address, r.name, r.role) for r in names.rows]
    assert again.names.source == "names.csv"
    assert [p.name for p in tmp_path.iterdir()] == ["plant.json"]


def test_nothing_kept(tmp_path: Path) -> None:
    assert load(tmp_path) == load(tmp_path / "no") == Kept()


def test_split_undoes_merge_and_merge_undoes_split() -> None:
    merged = corrected(Corrections(), ((A, B), (B, C)))
    split = corrected(merged, splits=(A,))
    assert (split.merges, split.splits) == (((B, C),), (A,))
    assert corrected(split, ((C, A),)).splits == ()


def test_an_empty_value_forgets_in_any_notation() -> None:
    said = corrected(Corrections(), fields=(("00:1b:1b:00:00:01", "name", "x"), (A, "zone", "z")))
    assert corrected(said, fields=(("00-1B-1B-00-00-01", "name", ""),)).fields == ((A, "zone", "z"),)
