"""Which variables are subscribed to: by node id, by browse path, or a whole subtree with patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from linewarden.collectors._opcua.browse import Browser, Child

OBJECTS, SERVER = "i=85", "i=2253"
_PROPERTY = "i=46"
DEPTH = 64
MOST = 100_000  # variables of a collector
_PART = re.compile(r"(?:[^/&]|&.)+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A variable: name of its tag, node id as the server's session has it."""

    name: str
    node: str


def _parts(path: str) -> list[tuple[int | None, str]]:
    """`2:Line/Tank` as (namespace or None, name). A slash in a name is written &/ (Part 4, annex A.2)."""
    found: list[tuple[int | None, str]] = []
    for part in _PART.findall(path.strip("/")):
        space, colon, name = part.partition(":")
        plain = re.sub(r"&(.)", r"\1", name if colon and space.isdigit() else part)
        found.append((int(space) if colon and space.isdigit() else None, plain))
    return found


async def find(browser: Browser, path: str) -> str | None:
    """The node at a path below the Objects folder, which may itself be named first; None if there is none."""
    node, parts = OBJECTS, _parts(path)
    if parts and parts[0] in ((None, "Objects"), (0, "Objects")):
        parts = parts[1:]
    for space, name in parts:
        below = (await browser.children([node]))[node]
        fits = [c for c in below if c.name == name and space in (None, c.space)]
        if not fits:
            return None
        node = fits[0].node
    return node


def _plain(path: str) -> str:
    """A path as the name of a tag: without namespaces and without Objects before it."""
    parts = [name for _, name in _parts(path)]
    return "/".join(parts[1:] if parts[:1] == ["Objects"] else parts)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, p) for p in patterns)


async def _walk(browser: Browser, root: str, prefix: str, fits: Callable[[str], bool]) -> list[Wanted]:
    """Every variable below a node (and the node's own, if it is one), breadth first; properties are not values."""
    found: list[Wanted] = []
    seen, level = {root}, [(root, prefix)]
    for _ in range(DEPTH):
        below = await browser.children([node for node, _ in level])
        following: list[tuple[str, str]] = []
        for node, name in level:
            for child in below[node]:
                if child.node in seen or child.kind == _PROPERTY or child.node == SERVER:
                    continue
                seen.add(child.node)
                path = f"{name}/{child.name}" if name else child.name
                following.append((child.node, path))
                if child.variable and fits(path):
                    found.append(Wanted(path, child.node))
        level = following
        if not level or len(found) > MOST:
            break
    return found[:MOST]


def _named(text: str) -> tuple[str, str]:
    """`NAME = NODE` as name and node id; a node id alone is its own name."""
    name, found, node = text.partition(" = ")
    return (name.strip(), node.strip()) if found else (text.strip(), text.strip())


async def select(
    browser: Browser,
    nodes: Sequence[str],
    paths: Sequence[str],
    trees: Sequence[str],
    include: Sequence[str],
    exclude: Sequence[str],
) -> tuple[list[Wanted], list[str]]:
    """Variables in the order of the settings, each node once; and what was not found, as lines."""
    found: list[Wanted] = []
    missing: list[str] = []

    def at(text: str) -> str | None:
        try:
            return browser.id_of(text)
        except KeyError as error:
            missing.append(f"{text}: the server has no namespace {error}")
        except ValueError:
            missing.append(f"{text}: this is no node id (ns=2;s=NAME or nsu=URI;s=NAME)")
        return None

    for text in nodes:
        name, wanted = _named(text)
        if node := at(wanted):
            found.append(Wanted(name, node))
    for text in paths:
        name, wanted = _named(text)
        node = await find(browser, wanted)
        if node is None:
            missing.append(f"{wanted}: no such path below Objects")
        else:
            found.append(Wanted(name if name != wanted else _plain(wanted), node))
    for text in trees:
        is_id = re.match(r"(ns\w?=.*;)?[isgb]=", text) is not None
        root = at(text) if is_id else await find(browser, text)
        if root is None:
            if not is_id:
                missing.append(f"{text}: no such path below Objects")
            continue
        prefix = "" if is_id else _plain(text)
        found += await _walk(browser, root, prefix, lambda p: _matches(p, include) and not _matches(p, exclude))
    return _unique(found), missing


def _unique(found: list[Wanted]) -> list[Wanted]:
    """Each node once, each name once: a second node of the same name has its node id behind it."""
    nodes: set[str] = set()
    names: set[str] = set()
    kept: list[Wanted] = []
    for wanted in found:
        if wanted.node in nodes:
            continue
        nodes.add(wanted.node)
        name = wanted.name if wanted.name not in names else f"{wanted.name} ({wanted.node})"
        names.add(name)
        kept.append(Wanted(name, wanted.node))
    return kept


def properties(children: Sequence[Child]) -> dict[str, str]:
    """Property name -> node id, of a variable's children."""
    return {c.name: c.node for c in children if c.kind == _PROPERTY}
