"""What detections need, as the engine asks it of rows before anybody else sees them.

The engine knows comparisons of a column with a value, and what is put together of them. All else is a "maybe" there:
such rows are kept, and polars asks them, as it asks all that are kept. So a rule may only ever keep too much.

Polars shows an expression as JSON, in a form that it does not promise to keep: what is not recognised is a maybe, too,
and a test tells when the expressions of our detections are not recognised any more.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any

import polars as pl

from linewarden.sensor.sieve import ALWAYS, MAYBE

_ORDERS = {"Eq": "eq", "Lt": "lt", "LtEq": "lt_eq", "Gt": "gt", "GtEq": "gt_eq"}
_TURNED = {"Eq": "Eq", "NotEq": "NotEq", "Lt": "Gt", "LtEq": "GtEq", "Gt": "Lt", "GtEq": "LtEq"}
_LEAST, _MOST = -(2**63), 2**63 - 1


def any_of(needs: Iterable[pl.Expr]) -> Any:
    """The test of rows that any of these expressions needs."""
    return _any([test_of(need) for need in needs])


def test_of(need: pl.Expr) -> Any:
    """An expression as the engine's test, to be written as JSON (`engine/sieve/src/test.rs`)."""
    return _test(json.loads(need.meta.serialize(format="json")))


def is_certain(test: Any) -> bool:
    """Whether the engine can tell all of it."""
    if isinstance(test, dict):
        return all(is_certain(part) for part in test.values())
    return all(is_certain(part) for part in test) if isinstance(test, list) else test != MAYBE


def _test(node: Any) -> Any:
    match node:
        case {"Literal": {"Scalar": {"Boolean": True}}}:
            return ALWAYS
        case {"BinaryExpr": {"left": left, "op": "And" | "LogicalAnd", "right": right}}:
            return _all([_test(left), _test(right)])
        case {"BinaryExpr": {"left": left, "op": "Or" | "LogicalOr", "right": right}}:
            return _any([_test(left), _test(right)])
        case {"BinaryExpr": {"left": left, "op": order, "right": right}}:
            return _compared(left, order, right)
        case {"Function": {"input": [of, {"Literal": {"Scalar": {"Boolean": null}}}], "function": "FillNull"}}:
            return _filled(of, null)
        case {"Function": {"input": of, "function": {"Boolean": what}}}:
            return _boolean(what, of)
        case {"Function": {"input": [of, {"Literal": {"Scalar": {"String": part}}}], "function": {"StringExpr": what}}}:
            return _text(of, what, part)
    if (operand := _operand(node)) is not None and isinstance(operand[1], bool | None):
        return {"truth": list(operand)}
    return MAYBE


def _all(tests: list[Any]) -> Any:
    known = [t for t in tests if t != ALWAYS]
    return MAYBE if all(t == MAYBE for t in known) else {"all": known}


def _any(tests: list[Any]) -> Any:
    return MAYBE if MAYBE in tests else ALWAYS if ALWAYS in tests else {"any": tests}


def _not(test: Any) -> Any:
    return MAYBE if test == MAYBE else {"not": test}


def _filled(of: Any, null: bool) -> Any:
    if (operand := _operand(of)) is not None and operand[1] is None:
        return {"truth": [operand[0], null]}
    test = _test(of)
    return MAYBE if test == MAYBE else {"filled": [test, null]}


def _boolean(what: Any, of: list[Any]) -> Any:
    match what, of:
        case "Not", [one]:
            return _not(_test(one))
        case "IsNull", [{"Column": name}]:
            return {"missing": name}
        case "IsNotNull", [{"Column": name}]:
            return _not({"missing": name})
        case "AnyHorizontal", tests:
            return _any([_test(t) for t in tests])
        case "AllHorizontal", tests:
            return _all([_test(t) for t in tests])
        case {"IsIn": {"nulls_equal": False}}, [column, {"Literal": {"Scalar": {"List": stream}}}]:
            return _is_in(column, pl.read_ipc_stream(io.BytesIO(bytes(stream))).to_series().to_list())
    return MAYBE


def _is_in(column: Any, values: list[Any]) -> Any:
    operand = _operand(column)
    if operand is None:
        return MAYBE
    if all(isinstance(v, str) for v in values) and isinstance(operand[1], str | None):
        return {"text": [*operand, {"in": values}]}
    if all(_whole(v) for v in values) and (operand[1] is None or _whole(operand[1])):
        return {"number": [*operand, {"in": values}]}
    return MAYBE


def _text(column: Any, what: Any, part: str) -> Any:
    operand = _operand(column)
    if operand is None or not isinstance(operand[1], str | None):
        return MAYBE
    match what:
        case "StartsWith":
            return {"text": [*operand, {"begins": part}]}
        case {"Contains": {"literal": True}}:
            return {"text": [*operand, {"has": part}]}
        case {"Contains": {"literal": False}}:
            return {"text": [*operand, {"matches": part}]}
    return MAYBE


def _compared(left: Any, order: str, right: Any) -> Any:
    if order not in _TURNED:
        return MAYBE
    match left, right:
        case {"Column": str(one)}, {"Column": str(other)} if order != "NotEq":
            return {"columns": [one, _ORDERS[order], other]}
    operand, value = _operand(left), _literal(right)
    if operand is None:
        operand, value, order = _operand(right), _literal(left), _TURNED[order]
    if operand is None or value is None:
        return MAYBE
    if order == "NotEq":
        return _not(_told(operand, "Eq", value))
    return _told(operand, order, value)


def _told(operand: tuple[str, Any], order: str, value: Any) -> Any:
    if isinstance(value, str) and order == "Eq" and isinstance(operand[1], str | None):
        return {"text": [*operand, {"in": [value]}]}
    if _whole(value) and (operand[1] is None or _whole(operand[1])):
        return {"number": [*operand, {"is": [_ORDERS[order], value]}]}
    return MAYBE


def _operand(node: Any) -> tuple[str, Any] | None:
    """A column, and what stands for its nulls (None: nothing). A text that is cast to text is the same."""
    match node:
        case {"Column": str(name)}:
            return name, None
        case {"Cast": {"expr": of, "dtype": {"Literal": "String"}}}:
            return _operand(of)
        case {"Function": {"input": [of, other], "function": "FillNull"}}:
            column, value = _operand(of), _literal(other)
            return (column[0], value) if column is not None and column[1] is None and value is not None else None
    return None


def _literal(node: Any) -> Any:
    match node:
        case {"Literal": {"Scalar": {"String": str(value)}}} | {"Literal": {"Dyn": {"Str": str(value)}}}:
            return value
        case {"Literal": {"Scalar": {"Boolean": bool(value)}}}:
            return value
        case {"Literal": {"Dyn": {"Int": int(value)}}}:
            return value
    return None


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and _LEAST <= value <= _MOST
