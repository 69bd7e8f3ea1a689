"""Axe in the browser: rules of WCAG 2.0 to 2.2, A and AA, and best practices that concern headings and landmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"
EVERYTHING = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""The rules that ask for colours: all in which themes differ."""


def violations(page: Any, asked: dict[str, Any] = EVERYTHING) -> list[str]:
    """What axe finds wrong on a page, a line each: rule, what it means, and the first elements."""
    if not SCRIPT.exists():
        pytest.skip(f"no {SCRIPT}: `make setup` installs it")
    page.evaluate(SCRIPT.read_text("utf-8") + "; 0")  # not add_script_tag: the content policy forbids that
    found = page.evaluate("asked => axe.run(document, {runOnly: asked})", asked)
    return [
        f"{v['id']}: {v['help']}: " + " | ".join(n["html"][:160] for n in v["nodes"][:3]) for v in found["violations"]
    ]  # fmt: skip
