"""The official Cedar cases, as they can be had.

From packages, by scripts/cedar-cases.sh: the crate cedar-policy-cli has sample policies, and in its tests what the
engine must say of them; the Go module cedar-go has the generated suites of cedar-integration-tests. From a folder: a
copy of that repository, whose handwritten policies no package has; LINEWARDEN_CEDAR_CASES names it.
"""

from __future__ import annotations

import json
import os
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cedarpy

CRATE = Path(__file__).resolve().parents[2] / "build/cedar/cedar-policy-cli-4.12.0.crate"
GENERATED = CRATE.parent / "generated"
FOLDER = os.environ.get("LINEWARDEN_CEDAR_CASES", str(GENERATED) if GENERATED.is_dir() else "")
Texts = Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """A question and its answer. `schema` is None where the request is not checked; `reasons` and `errors` are None
    where only the decision is told.
    """

    name: str
    policies: str
    entities: cedarpy.Entities | list[Any]
    schema: str | None
    request: dict[str, Any]
    decision: str
    reasons: frozenset[str] | None = None
    errors: int | None = None


@dataclass(frozen=True)
class Validation:
    """Policies, and whether they fit a schema."""

    policies: str
    schema: str
    fits: bool


# --- the crate ---


def crate_texts() -> Texts:
    if not CRATE.exists():
        return {}
    with tarfile.open(CRATE) as tar:
        return dict(_text_files(tar, strip=1))


def _text_files(tar: tarfile.TarFile, strip: int = 0) -> Iterator[tuple[str, str]]:
    for member in tar:
        file = tar.extractfile(member) if member.isfile() else None
        if file and Path(member.name).suffix in (".json", ".cedar", ".cedarschema", ".rs"):
            yield "/".join(member.name.split("/")[strip:]), file.read().decode()


CALL = re.compile(r'run_authorize_test(|_context|_json)\(((?:\s*"(?:\\.|[^"\\])*",)+)\s*CedarExitCode::(\w+)')
ROW = re.compile(r'#\[case\(((?:\s*"[^"]*",)+)\s*CedarExitCode::(\w+)')
ANSWER = {"Success": "Allow", "AuthorizeDeny": "Deny"}


def crate_cases(texts: Texts) -> Iterator[Case]:
    """What the crate's tests ask: each call by its arguments, then the files in its own format for tests."""
    for kind, arguments, code in CALL.findall(texts.get("tests/sample.rs", "")):
        said = json.loads(f"[{arguments.rstrip().rstrip(',')}]")
        if code in ANSWER and set(said[:2]) <= texts.keys():
            yield _asked(texts, kind, said, ANSWER[code])
    for arguments, code in ROW.findall(texts.get("tests/sample.rs", "")):
        said = json.loads(f"[{arguments.rstrip().rstrip(',')}]")
        if len(said) == 3 and "test" in said[2] and code == "Success":
            yield from _combined(texts, *said)


def _asked(texts: Texts, kind: str, said: list[str], decision: str) -> Case:
    if kind == "_json":
        request = json.loads(texts[said[2]])
    else:
        request = dict(zip(("principal", "action", "resource"), said[2:5], strict=True))
        request["context"] = json.loads(texts[said[5]]) if kind == "_context" else {}
    return Case(" ".join(said), texts[said[0]], json.loads(texts[said[1]]), None, request, decision)


def _combined(texts: Texts, policies: str, schema: str, tests: str) -> Iterator[Case]:
    for at, test in enumerate(json.loads(texts[tests])):
        yield Case(
            f"{tests} {at}", texts[policies], test["entities"], texts[schema], test["request"],
            test["decision"].capitalize(), frozenset(test["reason"]), test["num_errors"],
        )  # fmt: skip


def crate_validations(texts: Texts) -> Iterator[Validation]:
    for arguments, code in ROW.findall(texts.get("tests/sample.rs", "")):
        said = json.loads(f"[{arguments.rstrip().rstrip(',')}]")
        if len(said) == 2 and set(said) <= texts.keys():
            yield Validation(texts[said[0]], texts[said[1]], code == "Success")


# --- a copy of cedar-integration-tests ---


def folder_texts(folder: str | Path = FOLDER) -> Texts:
    if not folder:
        return {}
    root = Path(folder)
    found = {str(p.relative_to(root)): p.read_text("utf-8") for p in root.rglob("*") if _is_text(p)}
    if (root / "corpus-tests.tar.gz").exists():
        with tarfile.open(root / "corpus-tests.tar.gz") as tar:
            found |= dict(_text_files(tar))
    return found


def _is_text(path: Path) -> bool:
    return path.is_file() and path.suffix in (".json", ".cedar", ".cedarschema")


def folder_suites(texts: Texts) -> dict[str, dict[str, Any]]:
    """The test files: those that name policies and requests."""
    found = {}
    for name, text in texts.items():
        if name.endswith(".json") and '"policies"' in text:
            said = json.loads(text)
            if isinstance(said, dict) and {"policies", "entities", "schema", "shouldValidate"} <= said.keys():
                found[name] = said
    return found


def suite_cases(texts: Texts, name: str, suite: dict[str, Any]) -> Iterator[Case]:
    """The requests of a test file. Entities are read with the schema, as the official runner does."""
    policies, schema = suite_policies(texts, suite), texts[suite["schema"]]
    entities = cedarpy.Entities.from_json_str(texts[suite["entities"]], schema)
    for asked in suite.get("requests", suite.get("queries", [])):
        request = {key: asked[key] for key in ("principal", "action", "resource")}
        yield Case(
            f"{name}: {asked['description']}", policies, entities,
            schema if asked.get("validateRequest", True) else None,
            {**request, "context": asked.get("context", {})}, asked["decision"].capitalize(),
            frozenset(asked.get("reason", asked.get("reasons", []))), len(asked["errors"]),
        )  # fmt: skip


def suite_policies(texts: Texts, suite: dict[str, Any]) -> str:
    text = texts[suite["policies"]]
    return cedarpy.policies_from_json_str(text) if suite.get("policyFormat") == "json" else text
