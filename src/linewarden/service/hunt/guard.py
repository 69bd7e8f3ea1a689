"""Looks a statement through before it runs: which tables and functions it names, however deep and however quoted.

DuckDB itself says how it understands the text (`json_serialize_sql`), so that there is no second idea of SQL. What is
not known to be harmless is refused: every table that is no stream and no WITH of the query, every function that makes a
table but a few, every kind of source that is not listed here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from linewarden.errors import QueryError

if TYPE_CHECKING:
    import duckdb

SOURCES = frozenset(
    {"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "PIVOT", "SHOW_REF"}
)
TABLE_FUNCTIONS = frozenset({"unnest", "range", "generate_series", "json_each", "json_tree"})
SHOWN = frozenset({"tables", '"tables"'})
FORBIDDEN = re.compile(
    r"(?:pg_(?!typeof$|size_pretty$)|read_|write_|parse_duckdb|duckdb_|pragma_|query|has_\w*privilege|json_(?:de|execute_)"
    r"|current_(?:setting|query|connection|transaction|role|user|schema|database|catalog)|(?:get|set)variable|getenv"
    r"|(?:next|curr|set)val$|setseed|set_config|sleep|txid|in_search_path|stats$|vector_type$|version$)\w*"
)
"""Functions that tell of the machine or the database, change it, wait, or run a text."""
NAME = re.compile(r"[^\W\d]\w*")
"""Of a WITH: no path, and so no file in another part of the query where the WITH does not reach."""
HERE = frozenset({"main", "memory"})


def check(connection: duckdb.DuckDBPyConnection, sql: str, streams: frozenset[str], system: frozenset[str]) -> None:
    """Raises QueryError if the SELECT names anything but `streams`. `system`: names that DuckDB has by itself."""
    row = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
    tree: dict[str, Any] = json.loads(row[0]) if row else {"error": True}
    if tree.get("error") or len(tree["statements"]) != 1:
        raise QueryError(str(tree.get("error_message") or "give one SELECT at a time"))
    parts = list(_parts(tree))
    own = {str(name).lower() for part in parts for name in _withs(part)}
    if strange := sorted(name for name in own if not NAME.fullmatch(name) or name in system):
        raise QueryError(f"WITH {strange[0]}: take another name, of letters, digits and _, that DuckDB does not use")
    for part in parts:
        _check(part, streams | own)


def _parts(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object in it. Not by recursion: a text may nest deeply."""
    left = [tree]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            yield part
            left.extend(part.values())
        elif isinstance(part, list):
            left.extend(part)


def _withs(part: dict[str, Any]) -> Iterator[str]:
    for entry in (part.get("cte_map") or {}).get("map", ()):
        yield entry["key"]
    if part.get("type") in ("RECURSIVE_CTE_NODE", "CTE_NODE"):
        yield part.get("cte_name") or part.get("ctename") or ""


def _check(part: dict[str, Any], tables: frozenset[str]) -> None:
    kind = part.get("type")
    if "sample" in part and "alias" in part and kind not in SOURCES:
        raise QueryError(f"{kind} is not possible here")
    if kind == "BASE_TABLE":
        *where, name = (str(p).lower() for p in part["qualified_name"]["path"])
        if name not in tables or not HERE.issuperset(where):
            raise QueryError(f'there is no "{name}" here. There is: {", ".join(sorted(tables)) or "nothing"}')
    elif kind == "SHOW_REF" and part.get("query") is None and part.get("table_name") not in SHOWN:
        raise QueryError("only SHOW TABLES can be shown; DESCRIBE tells of a stream")
    elif kind == "TABLE_FUNCTION":
        name = _function(part.get("function") or {})
        if name not in TABLE_FUNCTIONS:
            raise QueryError(f"{name}() is not possible here: only the streams can be read, no file and no setting")
    elif part.get("class") == "FUNCTION" and FORBIDDEN.fullmatch(name := _function(part)):
        raise QueryError(f"{name}() is not possible here")


def _function(part: dict[str, Any]) -> str:
    return str(part.get("function_name", "")).lower()
