"""A station calls out to find devices: many calls, ranges, or in the languages of several makers."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import STATIONS, Knowledge, Role
from linewarden.detections.memory import Bounded, Rate, Recent
from linewarden.detections.settings import Settings, param
from linewarden.plant.vocabulary import spelled_all

CALLS = ("list_identity", "list_services", "list_interfaces", "who_is", "who_has", "who_is_router_to_network")
"""Functions that ask who is there. DCP's identify is one too, unless it asks for one name, as controllers do."""
HOUR_NS = 3_600_000_000_000
CHATTY = ("ssdp",)
"""What computers call out by themselves, all day."""


class Params(Settings):
    """How many, how fast."""

    calls: int = param(20, "calls", "of one protocol, from which on it is a burst; a tool that starts sends a few")
    chatty: int = param(120, "calls", "the same of SSDP, which computers send by themselves")
    targets: int = param(8, "ranges", "of device numbers, or addresses, asked one after another: a walk through them")
    protocols: int = param(3, "protocols", "of different makers; a plant's own tools speak one or two")
    window_s: float = param(60.0, "s", "within so long")
    habit: int = param(3, "hours", "different ones, in which a station called out so, from which on it is its habit")


class _Caller:
    """What one station called lately, and in which hours it did."""

    def __init__(self, params: Params) -> None:
        self._calls: Bounded[str, Rate] = Bounded(lambda: Rate(params.window_s, 2 * params.chatty), 16)
        self._targets: Bounded[str, Recent[str]] = Bounded(lambda: Recent(params.window_s, 64), 16)
        self._protocols: Recent[str] = Recent(10 * params.window_s, 16)
        self._hours: Recent[int] = Recent(30 * 86_400.0, 2 * params.habit)
        self._params = params

    def found(self, row: Row, spoken: str) -> tuple[str, str]:
        """How it shows, and in words; empty where it does not (yet), or does so often."""
        ts, limits = int(row["ts"]), self._params
        habitual = len([h for h in self._hours.things() if h != ts // HOUR_NS]) >= limits.habit
        self._hours.add(ts, ts // HOUR_NS)
        calls = self._calls.at(spoken).add(ts, int(row.get("count") or 1))
        targets = self._targets.at(spoken).add(ts, _target(row))
        # What computers call out by themselves says nothing of who sits there.
        protocols = self._protocols.add(ts, spoken) if spoken not in CHATTY else 0
        if habitual:
            return "", ""
        if protocols >= limits.protocols:
            return "protocols", f"in {spelled_all(self._protocols.things())}"
        if spoken not in CHATTY and targets >= limits.targets:
            return "targets", f"{targets} addresses or ranges one after another"
        if calls >= (limits.chatty if spoken in CHATTY else limits.calls):
            return "calls", f"{calls} times within {limits.window_s:.0f} s"
        return "", ""


def _target(row: Row) -> str:
    ranges = f" {row['low']}-{row['high']}" if row.get("low") is not None else ""
    return f"{row['id.resp_h']}{ranges}"


def watch(params: Params) -> Watch:
    """By the station that calls, whichever of its addresses it uses: below IP it has another one."""
    callers: Bounded[str, _Caller] = Bounded(lambda: _Caller(params), 2_000)

    def look(stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").iter_rows(named=True):
            spoken = str(row["protocol"]) if stream == "command" else stream
            how, words = callers.at(known.asset(row["id.orig_h"])).found(row, spoken)
            if how:
                yield _finding(row, spoken, how, words, known)

    return look


def _finding(row: Row, spoken: str, how: str, words: str, known: Knowledge) -> Finding:
    who = row["id.orig_h"]
    said = spelled_all([spoken]) if how != "protocols" else "several protocols"
    return Finding(
        row,
        f"{known.name(who)} calls out for devices ({said}): {words}.",
        (who, how if how == "protocols" else spoken),
        why=(words, f"role: {known.role(who)}", "it did not do so regularly before"),
        severity=_severity(who, spoken, how, known),
        confidence=0.8 if how == "protocols" else 0.6,
    )


def _severity(who: str, spoken: str, how: str, known: Knowledge) -> Severity:
    """Tools of engineers search; several languages at once are a scanner's, or an inventory's."""
    if spoken in CHATTY:
        return Severity.INFO
    if how == "protocols":
        return Severity.LOW if known.role(who) is Role.ENGINEERING else Severity.MEDIUM
    return Severity.INFO if known.role(who) in STATIONS else Severity.LOW


def _calls(n: int) -> list[dict[str, object]]:
    said = (("enip", "list_identity"), ("bacnet", "who_has"), ("profinet_dcp", "identify"))
    return [
        {"ts": i * 10**9, "protocol": protocol, "verb": "browse", "function": function, "target": "device",
         "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.0.255"}
        for i, (protocol, function) in enumerate(said[:n])
    ]  # fmt: skip


_DCP_NAMED = {
    "protocol": "profinet_dcp", "verb": "browse", "function": "identify", "target": "device pump-1",
    "id.orig_h": "10.0.0.66", "id.resp_h": "01:0e:cf:00:00:00", "count": 90,
}  # fmt: skip
_DCP = (pl.col("protocol") == "profinet_dcp") & (pl.col("function") == "identify") & (
    pl.col("target").fill_null("device") == "device"
)  # fmt: skip

DETECTION = Detection(
    title="Burst of discovery",
    severity=Severity.LOW,
    attack=("T0846", "T0888"),
    meaning="Somebody wants to know which devices there are. A plant knows its own; a search is the first step of a"
    " scanner, of malware that was written for plants, or of an engineer's tool that was just opened.",
    runbook=(
        "Find out what stands at the sending address, and who uses it.",
        "Look at whom it spoke to afterwards, and whether it wrote.",
        "If it is a tool of the plant, say so once; if nobody answers for it, take it off the network at the switch.",
    ),
    benign="An engineering or inventory tool that was just opened; a building controller that starts.",
    needs={
        # Who-Is is taken from its own stream, which has the ranges.
        "command": (pl.col("verb") == "browse")
        & (pl.col("function").is_in([c for c in CALLS if c != "who_is"]) | _DCP),
        "bacnet": pl.col("function") == "who_is",
        "ssdp": pl.col("method").fill_null("") == "M-SEARCH",
    },
    watch=watch,
    fires=Case({"command": _calls(3)}),
    quiet=Case({"command": [*_calls(2), _DCP_NAMED]}),
    params=Params(),
)
