"""Writes the calls of the Python client (src/linewarden/api/client/calls) from the routes that they ask.

usage: python scripts/make_client.py [--check]     (--check writes nothing; ends with 1 if something is stale)

A file of routes becomes a file of calls: an operation is a method with the parameters, models and words of its route.
"""

from __future__ import annotations

import inspect
import pkgutil
import re
import subprocess
import sys
import textwrap
import types
import typing
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from fastapi import Request, Response, params as given
from fastapi.routing import APIRoute
from pydantic import BaseModel

from linewarden.api import routes
from linewarden.api.caller import Caller
from linewarden.api.listing import Page

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "src/linewarden/api/client/calls"
HEAD = '"""{title}\n\nWritten by `make client` from the routes; do not edit.\n"""\n\n'
HEAD += "from __future__ import annotations\n\n"
LATE = ("polars",)
"""Modules that are heavy, and wanted for types alone."""
VERBS = re.compile(r"^(list|get|take)_")
PAGING = ("cursor", "format")
RUFF = Path(sys.executable).with_name("ruff")


@dataclass
class Names:
    """What a file has to import for the types that it writes."""

    found: dict[str, set[str]] = field(default_factory=dict)

    def use(self, module: str, name: str) -> str:
        """A name that is imported."""
        if module != "builtins":
            self.found.setdefault(module, set()).add(name)
        return name

    def type(self, of: Any) -> str:
        """A type as source text."""
        origin, inner = typing.get_origin(of), typing.get_args(of)
        if of is None or of is types.NoneType:
            return "None"
        if of is Any:
            return self.use("typing", "Any")
        if origin is typing.Annotated:
            return self.type(inner[0])
        if origin in (typing.Union, types.UnionType):
            return " | ".join(self.type(t) for t in inner)
        if origin is typing.Literal:
            return f"{self.use('typing', 'Literal')}[{', '.join(map(repr, inner))}]"
        if origin is not None:
            return f"{self.type(origin)}[{', '.join(map(self.type, inner))}]"
        if generic := getattr(of, "__pydantic_generic_metadata__", {}).get("args"):
            return f"{self.type(of.__pydantic_generic_metadata__['origin'])}[{', '.join(map(self.type, generic))}]"
        return self.use(of.__module__, of.__name__)

    def argument(self, of: Any) -> str:
        """The same for what is passed: any sequence will do for a list."""
        text = self.type(of)
        return text.replace("list[", f"{self.use('collections.abc', 'Sequence')}[") if "list[" in text else text

    def lines(self) -> str:
        """The imports."""
        lines = {m: f"from {m} import {', '.join(sorted(n))}\n" for m, n in sorted(self.found.items())}
        late = "".join(f"    {line}" for m, line in lines.items() if m in LATE)
        if late:
            lines["typing "] = "from typing import TYPE_CHECKING\n"
        now = "".join(line for m, line in lines.items() if m not in LATE)
        return now + (f"\nif TYPE_CHECKING:\n{late}" if late else "")


@dataclass(frozen=True)
class Parameter:
    """Something that is passed. `wire`: its name in the request; `place`: path, query, body or field (of a body)."""

    name: str
    wire: str
    of: Any
    place: str
    required: bool


def operations(module: str) -> list[APIRoute]:
    """The routes of a file that are a call with an answer; what goes on without an end is written by hand."""
    found = import_module(f"{routes.__name__}.{module}").router.routes
    return [r for r in found if isinstance(r, APIRoute) and not inspect.isasyncgenfunction(r.endpoint)]


def parameters(route: APIRoute) -> list[Parameter]:
    """What is passed to a route, those first that have no default."""
    found: list[Parameter] = []
    hints = typing.get_type_hints(route.endpoint, include_extras=True)
    for name, p in inspect.signature(route.endpoint).parameters.items():
        of = hints[name]
        bare = typing.get_args(of)[0] if typing.get_origin(of) is typing.Annotated else of
        if bare in (Caller, Request):
            continue
        found += _of_one(route, name, of, bare, p.default is inspect.Parameter.empty)
    return sorted(found, key=lambda p: not p.required)


def _of_one(route: APIRoute, name: str, of: Any, bare: Any, required: bool) -> list[Parameter]:
    is_model = inspect.isclass(bare) and issubclass(bare, BaseModel)
    if f"{{{name}}}" in route.path or f"{{{name}:path}}" in route.path:
        return [Parameter(name, name, of, "path", True)]
    if is_model and any(isinstance(a, given.Query) for a in typing.get_args(of)):
        return [
            Parameter(n, f.alias or n, f.rebuild_annotation(), "query", f.is_required())
            for n, f in bare.model_fields.items()
        ]  # fmt: skip
    if is_model:
        return [Parameter(name, name, of, "body", True)]
    is_field = any(isinstance(a, given.Body) for a in typing.get_args(of))
    return [Parameter(name, name, of, "field" if is_field else "query", required)]


class Calls:
    """The calls of a file of routes."""

    def __init__(self, module: str) -> None:
        self.module, self.names = module, Names()
        self.name = "".join(w.capitalize() for w in module.split("_")) + "Calls"
        self.routes = operations(module)

    def source(self) -> str:
        """The file."""
        doc = (import_module(f"{routes.__name__}.{self.module}").__doc__ or "").strip().splitlines()[0]
        base = self.names.use("linewarden.api.client.transport", "Transport")
        methods = "\n".join(text for route in self.routes for text in self._methods(route))
        body = f'\n\nclass {self.name}({base}):\n    """{doc}"""\n\n{methods}'
        return _formatted(HEAD.format(title=doc) + self.names.lines() + body)

    def _methods(self, route: APIRoute) -> list[str]:
        name = str(route.operation_id)
        passed = parameters(route)
        noun = VERBS.sub("", name)
        answer = self._answer(route)
        if answer is Response:
            return [self._method(route, name, passed, "bytes", "_bytes"), self._saving(route, noun, passed)]
        has_files = any(p.name == "format" for p in passed) or any(
            p.place == "body" and "format" in p.of.model_fields for p in passed
        )
        found = [self._method(route, name, [p for p in passed if p.name != "format"], self.names.type(answer))]
        if has_files:
            lean = [p for p in passed if p.name not in (*PAGING, "limit")]
            found += [self._saving(route, noun, lean, "format"), self._framing(route, noun, lean)]
        if (inner := self._row(answer)) is not None:
            paged = [p for p in passed if p.name not in PAGING]
            found.append(self._all(route, noun, paged, self.names.type(inner)))
        return found

    def _answer(self, route: APIRoute) -> Any:
        found = typing.get_type_hints(route.endpoint)["return"]
        if route.response_model is not None and found is Response:
            return route.response_model
        return found

    def _row(self, answer: Any) -> Any:
        data = getattr(answer, "__pydantic_generic_metadata__", {})
        return data["args"][0] if data.get("origin") is Page else None

    def _method(self, route: APIRoute, name: str, passed: list[Parameter], answer: str, ask: str = "") -> str:
        kind, ending = answer, ""
        if not ask:
            ask = "_nothing" if answer == "None" else "_maybe" if answer.endswith(" | None") else "_ask"
            kind = answer.removesuffix(" | None")
            ending = f"{kind}, " if ask != "_nothing" else ""
        call = f"self.{ask}({ending}{self._asking(route, passed)})"
        return self._text(route, name, passed, answer, call if answer == "None" else f"return {call}")

    def _all(self, route: APIRoute, noun: str, passed: list[Parameter], row: str) -> str:
        rows = f"{self.names.use('collections.abc', 'Iterator')}[{row}]"
        page = self.names.use("linewarden.api.listing", "Page")
        call = f"return self._rows({page}[{row}], {self._asking(route, passed)})"
        return self._text(route, f"all_{noun}", passed, rows, call, "Every row, page by page: ")

    def _saving(self, route: APIRoute, noun: str, passed: list[Parameter], form: str = "") -> str:
        path, said = self.names.use("pathlib", "Path"), ""
        if form:
            said = f", format: {self.names.use('linewarden.api.listing', 'Format')} | str = 'arrow'"
        call = f"return self._save(to, {self._asking(route, passed)}{', format=str(format)' if form else ''})"
        first = f"to: {path} | str{said}"
        return self._text(route, f"save_{noun}", passed, path, call, "Into a file, as it comes: ", first)

    def _framing(self, route: APIRoute, noun: str, passed: list[Parameter]) -> str:
        frame = f"{self.names.use('polars', 'DataFrame')}"
        call = f"return self._frame({self._asking(route, passed)})"
        return self._text(route, f"frame_{noun}", passed, frame, call, "As a Polars frame: ")

    def _asking(self, route: APIRoute, passed: list[Parameter]) -> str:
        verb = next(iter(route.methods or ()))
        path, slots = re.sub(r"{(\w+)(:path)?}", r"{\1}", route.path), [p for p in passed if p.place == "path"]
        parts = [repr(verb), repr(path)]
        if slots:
            parts.append(f"path_values={{{', '.join(f'{p.wire!r}: {p.name}' for p in slots)}}}")
        for place, name in (("query", "query"), ("field", "body")):
            if those := [p for p in passed if p.place == place]:
                parts.append(f"{name}={{{', '.join(f'{p.wire!r}: {p.name}' for p in those)}}}")
        parts += [f"body={p.name}" for p in passed if p.place == "body"]
        return ", ".join(parts)

    def _text(
        self, route: APIRoute, name: str, passed: list[Parameter], answer: str, line: str, lead: str = "",
        first: str = "",
    ) -> str:  # fmt: skip
        whole = [self._declared(p) for p in passed if p.place in ("path", "body")]
        named = [self._declared(p) for p in passed if p.place not in ("path", "body")]
        line_up = ", ".join(["self", *whole, *([first] if first else []), *(["*", *named] if named else [])])
        doc = re.split(r"(?<=[.])\s|; ", inspect.getdoc(route.endpoint) or "")[0].rstrip(".") + "."
        doc = f"{lead}{doc[0].lower()}{doc[1:]}" if lead else doc
        doc = "\n        ".join(textwrap.wrap(doc, 104))
        doc += "\n        " if "\n" in doc else ""
        return f'    def {name}({line_up}) -> {answer}:\n        """{doc}"""\n        {line}\n'

    def _declared(self, p: Parameter) -> str:
        text = self.names.argument(p.of)
        if p.required:
            return f"{p.name}: {text}"
        return f"{p.name}: {text if text.endswith('None') else f'{text} | None'} = None"


def client_source(calls: list[Calls]) -> str:
    """The class that has all calls."""
    imports = "".join(f"from linewarden.api.client.calls.{c.module} import {c.name}\n" for c in calls)
    bases = ", ".join(c.name for c in calls)
    body = f'\n\nclass Calls({bases}):\n    """Every operation of the API."""\n'
    return _formatted(HEAD.format(title="All calls of the client.") + imports + body)


def _formatted(text: str) -> str:
    for command in (["check", "--fix", "--quiet", "--exit-zero", "--select", "I,F401,UP"], ["format", "--quiet"]):
        done = subprocess.run(
            [RUFF, *command, "--stdin-filename", str(OUT / "x.py"), "-"], input=text, capture_output=True, text=True,
            check=True, cwd=ROOT,
        )  # fmt: skip
        text = done.stdout
    return text


def files() -> dict[Path, str]:
    """Every file with its text."""
    modules = sorted(m.name for m in pkgutil.iter_modules(routes.__path__))
    calls = [c for c in map(Calls, modules) if c.routes]
    return {OUT / f"{c.module}.py": c.source() for c in calls} | {OUT / "__init__.py": client_source(calls)}


def main() -> int:
    """Writes, or compares."""
    wanted = files()
    there = {p: p.read_text() for p in OUT.glob("*.py")}
    stale = sorted(p for p in wanted.keys() | there.keys() if wanted.get(p) != there.get(p))
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: make client")
        return 1 if stale else 0
    for path in stale:
        if path in wanted:
            path.write_text(wanted[path])
        else:
            path.unlink()
    print(f"{len(wanted)} files, {len(stale)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
