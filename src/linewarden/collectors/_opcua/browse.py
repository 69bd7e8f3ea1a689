"""Looking around on a server in few requests: browse and read in batches of the size that the server takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from asyncua import ua

from linewarden.collectors._opcua.link import Link

AT_ONCE = 500  # nodes a request where the server states no limit of its own
CHILDREN_MOST = 100_000  # of one node: a server that never ends is not followed


@dataclass(frozen=True, slots=True)
class Child:
    """A reference's other end. node: its id as text. kind: reference type; variable or object."""

    node: str
    name: str
    space: int
    kind: str
    variable: bool


@dataclass(frozen=True)
class Limits:
    """Nodes that the server takes in one request (Part 5, 6.3.11)."""

    read: int = AT_ONCE
    browse: int = AT_ONCE
    monitor: int = AT_ONCE
    history: int = 100


class Browser:
    """Reads attributes and references of one session."""

    def __init__(self, link: Link) -> None:
        self._session = link.session
        self.limits = Limits()
        self.spaces: list[str] = []
        self._children: dict[str, list[Child]] = {}

    async def begin(self) -> None:
        """The namespaces and limits of the server."""
        spaces, *limits = await self.read(
            [(f"i={i}", ua.AttributeIds.Value) for i in (2255, 11705, 11710, 11714, 12165)]
        )
        self.spaces = [str(s) for s in spaces or []]
        read, browse, monitor, past = (min(v, AT_ONCE) if isinstance(v, int) and v > 0 else AT_ONCE for v in limits)
        self.limits = Limits(read, browse, monitor, min(past, 100))

    async def read(self, wanted: list[tuple[str, Any]]) -> list[Any]:
        """Values of attributes, None where the server gives none."""
        found: list[Any] = []
        for first in range(0, len(wanted), self.limits.read):
            params = ua.ReadParameters()
            params.TimestampsToReturn = ua.TimestampsToReturn.Neither
            params.NodesToRead = [
                ua.ReadValueId(NodeId=ua.NodeId.from_string(node), AttributeId=attribute)
                for node, attribute in wanted[first : first + self.limits.read]
            ]
            results = await self._session.read(params)
            found += [_good(r) for r in results]
        return found

    async def children(self, nodes: list[str]) -> dict[str, list[Child]]:
        """What hierarchical references lead to, by node; remembered for the session."""
        missing = [n for n in dict.fromkeys(nodes) if n not in self._children]
        for first in range(0, len(missing), self.limits.browse):
            part = missing[first : first + self.limits.browse]
            self._children.update(await self.follow(part, "i=33", forward=True))
        return {n: self._children[n] for n in nodes}

    async def follow(self, nodes: list[str], reference: str, *, forward: bool) -> dict[str, list[Child]]:
        """References of one type and its subtypes, at most as many nodes as `limits.browse`."""
        params = ua.BrowseParameters()
        params.RequestedMaxReferencesPerNode = 0
        params.NodesToBrowse = [
            ua.BrowseDescription(
                NodeId=ua.NodeId.from_string(node),
                BrowseDirection=ua.BrowseDirection.Forward if forward else ua.BrowseDirection.Inverse,
                ReferenceTypeId=ua.NodeId.from_string(reference),
                IncludeSubtypes=True,
                NodeClassMask=0,
                ResultMask=63,
            )
            for node in nodes
        ]
        found: dict[str, list[Child]] = {}
        for node, result in zip(nodes, await self._session.browse(params), strict=True):
            found[node] = [_child(r) for r in result.References or []]
            more = result.ContinuationPoint
            while more and len(found[node]) < CHILDREN_MOST:
                (rest,) = await self._session.browse_next(ua.BrowseNextParameters(False, [more]))
                found[node] += [_child(r) for r in rest.References or []]
                more = rest.ContinuationPoint
        return found

    def id_of(self, text: str) -> str:
        """A node id as a person writes it, with the server's number of its namespace. Raises KeyError for a namespace
        that the server does not have, ValueError for what is no node id."""
        if text.startswith("nsu="):
            uri, _, rest = text[4:].partition(";")
            if uri not in self.spaces:
                raise KeyError(uri)
            text = f"ns={self.spaces.index(uri)};{rest}"
        try:
            return str(ua.NodeId.from_string(text).to_string())
        except (ua.UaError, ValueError, TypeError) as error:
            raise ValueError(str(error)) from None


def _child(reference: Any) -> Child:
    name = reference.BrowseName
    node = ua.NodeId(reference.NodeId.Identifier, reference.NodeId.NamespaceIndex)
    return Child(
        node.to_string(),
        name.Name or "",
        name.NamespaceIndex,
        reference.ReferenceTypeId.to_string(),
        reference.NodeClass == ua.NodeClass.Variable,
    )


def _good(result: Any) -> Any:
    if result.Value is None or (result.StatusCode is not None and result.StatusCode.is_bad()):
        return None
    return result.Value.Value
