"""The folder of a site's own rules: one JSON file each, written whole, checked when it is read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import ConfigError, StoreError
from linewarden.service.audit import Change, recorded
from linewarden.service.files import reserve

if TYPE_CHECKING:
    from linewarden.detections.detection import Detection
    from linewarden.detections.rules.rule import Rule
    from linewarden.detections.rules.sigma import Refused

ENDINGS = (".yml", ".yaml")
LARGEST = 4_000_000
"""Bytes of a file of rules; what is larger is none."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the files that were given."""

    rules: tuple[Rule, ...]
    refused: tuple[Refused, ...]


def read_rules(folder: Path) -> tuple[list[Rule], list[str]]:
    """The rules of a folder by name, and what is wrong with the others, a line each.

    Raises ConfigError if there is no such folder, or it cannot be listed.
    """
    rules: list[Rule] = []
    problems: list[str] = []
    ids: dict[str, Path] = {}
    for file in _files(folder):
        try:
            rule = _rule(file)
        except ConfigError as error:
            problems.append(str(error))
            continue
        if rule.id in ids:
            problems.append(f"{file}: id: is that of {ids[rule.id].name} too; delete one of them")
            continue
        ids[rule.id] = file
        rules.append(rule)
    return rules, problems


def own_detections(folder: Path) -> tuple[Detection, ...]:
    """The rules of a folder as detections. Raises ConfigError for a folder that is not in order."""
    from linewarden.detections.rules.running import detection_of

    rules, problems = read_rules(folder)
    if problems:
        more = f" (and {len(problems) - 1} more: linewarden rules check {folder})" if len(problems) > 1 else ""
        raise ConfigError(problems[0] + more)
    return tuple(map(detection_of, rules))


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder; `linewarden rules import FILE --into {folder}` makes it")
    try:
        return sorted(p for p in folder.iterdir() if p.suffix == ".json" and not p.name.startswith("."))
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be read ({error.strerror or error}); check the permission") from error


def _rule(file: Path) -> Rule:
    from linewarden.detections.rules.columns import RuleError
    from linewarden.detections.rules.rule import rule_from_json

    try:
        return rule_from_json(file.stem, json.loads(_text(file)))
    except RuleError as error:
        raise ConfigError(f"{file}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file}: no JSON ({error}); import the rule again") from error


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > LARGEST:
            raise ConfigError(f"{file}: is larger than {LARGEST // 10**6} MB, and so no rule")
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: no text in UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror or error}); check path and permission") from error


def import_sigma(sources: Sequence[Path], folder: Path) -> Imported:
    """Sigma rules of files and folders into a folder of ours. A rule that is there is replaced (by its id).

    Raises ConfigError if a source cannot be read or pySigma is not installed, StoreError if nothing can be written.
    """
    from linewarden.detections.rules.sigma import convert

    texts = _texts(sources)
    there, _ = read_rules(folder) if folder.is_dir() else ([], [])
    # A file that is damaged keeps its name: nobody's work is written over.
    taken = {f.stem: "" for f in (_files(folder) if folder.is_dir() else [])} | {r.name: r.id for r in there}
    try:
        done = convert(texts, taken)
    except ImportError as error:
        raise ConfigError("Sigma rules need pySigma: pip install 'linewarden[sigma]'") from error
    if done.rules:
        _make(folder)
        names = {rule.id: rule.name for rule in there}
        before = {rule.name: names[rule.id] for rule in done.rules if rule.id in names}
        after = {rule.name: {"id": rule.id, "title": rule.title} for rule in done.rules}
        said = Change("rules.import", str(folder), {"replaced": before}, after, {"from": [str(s) for s in sources]})
        with recorded(folder, said):
            _write(folder, done.rules, there)
    return Imported(tuple(done.rules), tuple(done.refused))


def _texts(sources: Sequence[Path]) -> dict[str, str]:
    """The rules' text by the file's name, in an archive by its name in it; each file once."""
    files = {file.resolve(): file for file in _sigma_files([s for s in sources if not _is_zip(s)])}
    texts = {str(file): _text(file) for file in files.values()}
    for source in filter(_is_zip, sources):
        texts |= _packed_texts(source)
    return texts


def _is_zip(source: Path) -> bool:
    return source.suffix.lower() == ".zip" and source.is_file()


def _packed_texts(source: Path) -> dict[str, str]:
    from linewarden.service.uploads import UploadError, kinds

    try:
        with kinds.rules(source) as folder:
            try:
                return {f"{source}/{file.relative_to(folder)}": _text(file) for file in _sigma_files([folder])}
            except ConfigError as error:
                raise ConfigError(str(error).replace(f"{folder}/", f"{source}/")) from error
    except UploadError as error:
        raise ConfigError(f"{source}: {error}") from error


def _sigma_files(sources: Sequence[Path]) -> Iterator[Path]:
    for source in sources:
        if not source.is_dir():
            yield source
            continue
        found = sorted(p for p in source.rglob("*") if p.suffix.lower() in ENDINGS and p.is_file())
        if not found:
            raise ConfigError(f"{source}: no Sigma rule in it (*.yml, *.yaml); give a file or another folder")
        yield from found


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made ({error.strerror or error}); choose another folder") from error


def _write(folder: Path, rules: Sequence[Rule], there: Sequence[Rule]) -> None:
    from linewarden.detections.rules.rule import rule_as_json

    for rule in rules:
        with reserve(folder / f"{rule.name}.json") as file:
            file.write(json.dumps(rule_as_json(rule), ensure_ascii=False, indent=1) + "\n")
    names = {rule.id: rule.name for rule in rules}
    for old in there:
        if names.get(old.id, old.name) != old.name:  # the rule got another title, and with it another name
            (folder / f"{old.name}.json").unlink(missing_ok=True)
