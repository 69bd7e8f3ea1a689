"""Whole numbers that the table language computes: from slots, from bytes ahead, and from what is known of the flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


class Expr:
    """A whole-number expression over slots and the current slice. Comparisons give 1 or 0."""

    def code(self) -> list[Any]:
        """The expression as nested lists, as the engine reads it (slots still by name)."""
        raise TypeError(f"{type(self).__name__} has no code")

    def __add__(self, o: Value) -> Expr:
        return Binary("+", self, lift(o))

    __radd__ = __add__

    def __sub__(self, o: Value) -> Expr:
        return Binary("-", self, lift(o))

    def __mul__(self, o: Value) -> Expr:
        return Binary("*", self, lift(o))

    def __rsub__(self, o: int) -> Expr:
        return Binary("-", lift(o), self)

    __rmul__ = __mul__

    def __floordiv__(self, o: Value) -> Expr:
        return Binary("/", self, lift(o))

    def __mod__(self, o: Value) -> Expr:
        return Binary("%", self, lift(o))

    def __and__(self, o: Value) -> Expr:
        return Binary("&", self, lift(o))

    def __or__(self, o: Value) -> Expr:
        return Binary("|", self, lift(o))

    def __xor__(self, o: Value) -> Expr:
        return Binary("^", self, lift(o))

    def __lshift__(self, o: Value) -> Expr:
        return Binary("<<", self, lift(o))

    def __rshift__(self, o: Value) -> Expr:
        return Binary(">>", self, lift(o))

    def __lt__(self, o: Value) -> Expr:
        return Binary("<", self, lift(o))

    def __le__(self, o: Value) -> Expr:
        return Binary("<=", self, lift(o))

    def __gt__(self, o: Value) -> Expr:
        return Binary(">", self, lift(o))

    def __ge__(self, o: Value) -> Expr:
        return Binary(">=", self, lift(o))

    def eq(self, o: Value) -> Expr:
        """1 if equal (a method, since `==` of a dataclass compares the expressions themselves)."""
        return Binary("==", self, lift(o))

    def ne(self, o: Value) -> Expr:
        """1 if different."""
        return Binary("!=", self, lift(o))

    def among(self, *values: int) -> Expr:
        """1 if it is one of these constants."""
        return Among(self, tuple(sorted(values)))


Value = Expr | int


def lift(value: Value) -> Expr:
    """An int as an expression; an expression as it is."""
    return Const(value) if isinstance(value, int) else value


def both(*terms: Expr) -> Expr:
    """1 if all terms are non-zero. All are evaluated."""
    result = terms[0].ne(0)
    for term in terms[1:]:
        result = result & term.ne(0)
    return result


def either(*terms: Expr) -> Expr:
    """1 if any term is non-zero."""
    result = terms[0].ne(0)
    for term in terms[1:]:
        result = result | term.ne(0)
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Const(Expr):
    """A number."""

    value: int

    def code(self) -> list[Any]:
        return ["const", self.value]


@dataclass(frozen=True, slots=True, eq=False)
class F(Expr):
    """The value of a slot (0 if it was not set)."""

    slot: str

    def code(self) -> list[Any]:
        return ["slot", self.slot]


@dataclass(frozen=True, slots=True, eq=False)
class Has(Expr):
    """1 if the slot is set (by this message, or recalled from its request). Works for bytes slots too."""

    slot: str

    def code(self) -> list[Any]:
        return ["has", self.slot]


@dataclass(frozen=True, slots=True, eq=False)
class Binary(Expr):
    """Two operands; division and modulo by zero give 0, shifts are limited to 63, arithmetic wraps."""

    op: str
    left: Expr
    right: Expr

    def code(self) -> list[Any]:
        return ["bin", self.op, self.left.code(), self.right.code()]


@dataclass(frozen=True, slots=True, eq=False)
class Among(Expr):
    """Membership in constants."""

    of: Expr
    values: tuple[int, ...]

    def code(self) -> list[Any]:
        return ["among", self.of.code(), list(self.values)]


@dataclass(frozen=True, slots=True, eq=False)
class Peek(Expr):
    """A number in the current slice, without moving: `at` bytes from the cursor, or from the slice's beginning
    with `whence="start"` (negative: from its end). 0 if it lies outside; ask `Left()` or `Size()` first."""

    width: int
    at: int = 0
    le: bool | None = None  # None: the protocol's own byte order
    signed: bool = False
    whence: Literal["cursor", "start"] = "cursor"

    def code(self) -> list[Any]:
        return ["peek", self.width, self.at, self.le, self.signed, self.whence == "start"]


@dataclass(frozen=True, slots=True, eq=False)
class Ask(Expr):
    """Something the engine knows: see the functions below."""

    what: str

    def code(self) -> list[Any]:
        return ["ask", self.what]


def Left() -> Expr:
    """Bytes left in the current slice after the cursor."""
    return Ask("left")


def Size() -> Expr:
    """Bytes in the current slice."""
    return Ask("size")


def Pos() -> Expr:
    """Cursor, in bytes from the beginning of the current slice."""
    return Ask("pos")


def FromOrig() -> Expr:
    """1 if the flow's originator sent this message."""
    return Ask("from_orig")


def OnPort() -> Expr:
    """1 if the flow uses one of this protocol's own ports (TCP, UDP), or the protocol is not told by ports."""
    return Ask("on_port")


def ToPort() -> Expr:
    """1 if the message's destination port is one of this protocol's own."""
    return Ask("to_port")


def DstPort() -> Expr:
    """Destination port of the message (0 below TCP/UDP)."""
    return Ask("dst_port")


def SrcPort() -> Expr:
    """Source port of the message (0 below TCP/UDP)."""
    return Ask("src_port")


def IsResponse() -> Expr:
    """1 if the message's role is response (as settled so far)."""
    return Ask("is_response")


def Item() -> Expr:
    """How many rows this message has emitted so far."""
    return Ask("item")


def EtherType() -> Expr:
    """Ethertype of the frame (after tags), for protocols below IP."""
    return Ask("ethertype")


@dataclass(frozen=True, slots=True)
class Known(Expr):
    """A number kept by `Remember` on this flow, or `default`."""

    name: str
    key: Value = 0
    default: int = 0

    def code(self) -> list[Any]:
        return ["known", self.name, lift(self.key).code(), self.default]
