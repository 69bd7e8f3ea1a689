"""The engine's tables are made once for each installation, and the cache does not grow."""

from __future__ import annotations

from pathlib import Path

import pytest

from linewarden.sensor import tables


def test_installations_beside_each_other_keep_their_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def ask(installation: str) -> None:
        def make() -> str:
            made.append(installation)
            return "{}"

        monkeypatch.setattr(tables, "_fingerprint", lambda: installation)
        monkeypatch.setattr(tables, "make_spec", make)
        tables.spec.cache_clear()
        assert tables.spec() == "{}"

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for installation in ("old", "new", "old", "new"):
        ask(installation)
    assert made == ["old", "new"]
    for n in range(6):
        ask(f"version-{n}")
    tables.spec.cache_clear()
    assert len(list(tmp_path.rglob("spec-*.json"))) == tables.KEPT
