"""The examples of docs/how-to/api.md, as somebody runs them who copied them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.test_client import ROOT, token_of
from tests.console.house import Served

PAGE = (ROOT / "docs/how-to/api.md").read_text()
EXAMPLES = re.findall(r"^```(sh|python)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("kind", "text"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_does_what_it_says(kind: str, text: str, served: Served, tmp_path: Path) -> None:
    if "curl" in text and not shutil.which("curl"):
        pytest.skip("curl is not installed")
    program = tmp_path / "linewarden"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m linewarden "$@"\n')
    program.chmod(0o755)
    env = os.environ | {
        "LINEWARDEN_URL": served.url, "LINEWARDEN_TOKEN": token_of(served), "LINEWARDEN_CA": str(served.ca),
        "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "src"),
    }  # fmt: skip
    command = [sys.executable, "-c", text] if kind == "python" else ["sh", "-e", "-c", text]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    files = [p for p in tmp_path.glob("*.parquet") if p.stat().st_size > 100]
    assert done.stdout.strip() or files


def test_there_are_examples() -> None:
    assert {kind for kind, _ in EXAMPLES} == {"sh", "python"}
