"""What docs show of [[collector]] tables can be used as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from linewarden.service.config import check_config

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / "collectors.md", *sorted((ROOT / "docs" / "collectors").glob("*.md"))]
SHOWN = [
    pytest.param(text, id=f"{page.stem}-{at}")
    for page in PAGES
    for at, text in enumerate(re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL))
    if "[[collector]]" in text
]


@pytest.mark.parametrize("text", SHOWN)
def test_what_the_docs_show_is_right(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.toml").write_text(text)
    found = [str(p) for p in check_config(tmp_path / "c.toml")]
    assert [p for p in found if not p.endswith("is no file")] == []  # certificates that are not here
