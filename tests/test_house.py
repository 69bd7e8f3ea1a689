"""The house: what a new clone, a packager and a contributor rely on."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import linewarden
from linewarden import errors

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
ADRS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
PURE = {
    "records",
    "protocols",
    "plant",
    "baseline",
    "people",
    "policy",
    "detections",
    "analytics",
    "exposure",
    "production",
    "cases",
}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def test_one_version_everywhere() -> None:
    cargo = tomllib.loads((ROOT / "Cargo.toml").read_text())
    assert PYPROJECT["project"]["version"] == linewarden.__version__ == cargo["workspace"]["package"]["version"]


def test_locks_agree() -> None:
    """A user with pip gets exactly the packages, and the hashes, that uv.lock names."""
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    versions = {p["name"]: p["version"] for p in locked if "registry" in p["source"]}
    hashes = {f["hash"] for p in locked for f in [*p.get("wheels", []), *filter(None, [p.get("sdist")])]}
    for file in sorted((ROOT / "requirements").glob("*.txt")):
        text = file.read_text()
        pins = dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", text, re.MULTILINE))
        assert pins, file
        assert pins.items() <= versions.items(), f"{file} is stale: run make lock"
        assert set(re.findall(r"sha256:[0-9a-f]{64}", text)) <= hashes, f"{file} is stale: run make lock"
    runtime = (ROOT / "requirements" / "runtime.txt").read_text()
    for need in PYPROJECT["project"]["dependencies"]:
        assert re.search(rf"^{re.match(r'[a-z0-9-]+', need)[0]}==", runtime, re.MULTILINE), need


def test_lock_follows_pyproject() -> None:
    """Whoever changes a dependency in pyproject.toml without `make lock` is told."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    locked = next(p for p in lock if p["name"] == "linewarden")["metadata"]["requires-dist"]
    asked = [re.fullmatch(r"([A-Za-z0-9._-]+)(.*)", need) for need in PYPROJECT["project"]["dependencies"]]
    always = [r for r in locked if "extra" not in r.get("marker", "")]
    assert {(r["name"], frozenset(r["specifier"].split(","))) for r in always} == {
        (m[1], frozenset(m[2].split(","))) for m in asked if m
    }


def test_import_contract_holds() -> None:
    tool = Path(sys.executable).with_name("lint-imports")
    result = run(str(tool), "--no-cache")
    assert result.returncode == 0, result.stdout + result.stderr


def test_each_pure_room_is_under_the_contract() -> None:
    contracts = {c["id"]: c for c in PYPROJECT["tool"]["importlinter"]["contracts"]}
    there = {f"linewarden.{p.parent.name}" for p in (ROOT / "src/linewarden").glob("*/__init__.py")}
    assert set(contracts["pure"]["source_modules"]) == there & {f"linewarden.{room}" for room in PURE}


def test_architecture_names_each_room() -> None:
    rooms = {p.parent.name for p in (ROOT / "src/linewarden").glob("*/__init__.py")}
    text = (ROOT / "docs/ARCHITECTURE.md").read_text()
    assert not [room for room in rooms if f"`{room}`" not in text]


def test_make_has_the_promised_targets_and_help_tells_them() -> None:
    promised = {"demo", "test", "lint", "type", "bench", "fuzz", "soak", "docs", "wheel", "accuracy", "clean", "help"}
    assert promised <= TARGETS
    told = run("make", "--no-print-directory", "help").stdout
    assert not [target for target in promised if f"make {target} " not in told]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_make_commands_in_the_docs_exist(page: Path) -> None:
    code = re.findall(r"```.*?```|`[^`\n]+`", page.read_text(), re.DOTALL)
    said = {t for c in code for line in re.findall(r"\bmake ((?:[a-z][a-z-]* ?)+)", c) for t in line.split()[:1]}
    assert said <= TARGETS


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_in_the_docs_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)", page.read_text())
    assert not [t for t in targets if "://" not in t and not (page.parent / t).exists()]


@pytest.mark.parametrize("adr", ADRS, ids=lambda p: p.stem)
def test_each_decision_tells_what_it_costs(adr: Path) -> None:
    text = adr.read_text()
    for heading in ("Context", "Decision", "Alternatives", "Consequences"):
        assert f"## {heading}\n" in text
    bad = text.split("## Consequences\n")[1].split("Bad:\n")[1]
    assert bad.count("\n- ") + bad.startswith("- ") >= 2
    assert text.startswith(f"# {adr.stem[:4]}: ")


def test_each_error_has_its_documented_exit_code() -> None:
    text = (ROOT / "docs/reference/exit-codes.md").read_text()
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.LinewardenError)]
    assert {c.exit_code for c in classes} <= documented
    assert len({c.exit_code for c in classes}) == len(classes) <= 9


def test_change_fragments_are_named_so_that_towncrier_finds_them() -> None:
    kinds = {kind["directory"] for kind in PYPROJECT["tool"]["towncrier"]["type"]}
    names = [p.name for p in (ROOT / "changes").glob("*.md") if p.name != "README.md"]
    assert not [n for n in names if not re.fullmatch(rf"(\d+|\+[a-z0-9-]+)\.({'|'.join(kinds)})(\.\d+)?\.md", n)]


def test_setup_says_what_is_missing(tmp_path: Path) -> None:
    """On a machine without Rust, one message names it and where to get it, before anything is built."""
    for tool in ("bash", "sed", "awk", "head", "sort"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or pytest.fail(f"{tool} is not on the PATH"))
    result = subprocess.run(
        [tmp_path / "bash", "scripts/setup.sh", sys.executable],
        cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode != 0
    assert "cargo" in result.stderr
    assert "https://rustup.rs" in result.stderr
