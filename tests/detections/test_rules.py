"""Rules of a site: what a condition means, what a Sigma rule becomes, and that it is told as ours are."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from linewarden.detections.attack import TECHNIQUES
from linewarden.detections.catalogue import detections
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.rules.columns import DTYPES, RuleError, fitted, types
from linewarden.detections.rules.rule import Count, Rule, rule_as_json, rule_from_json
from linewarden.detections.rules.running import detection_of
from linewarden.detections.rules.tree import (
    AllOf,
    AnyOf,
    Condition,
    Flag,
    Net,
    Not,
    Number,
    Regex,
    Same,
    Text,
    There,
    expression,
    quoted,
)
from linewarden.detections.rules.written import as_json, from_json
from linewarden.detections.run import Run, Told
from linewarden.plant.model import Severity
from tests.detections.build import DTYPES as TEST_DTYPES, frame, play, stream

# --- what a condition means ---

LETTERS = "abAB.*?\\ é\n"
TEXT = st.text(LETTERS, max_size=4)
INTEGERS = [0, 1, 255, 502, 65_535, 2**32, 2**63, 2**64 - 1]
ADDRESSES = ["10.0.0.1", "10.0.1.200", "192.168.7.7", "fe80::1", "2001:db8::5", "02:00:00:00:00:01", ""]
NETWORKS = ["10.0.0.0/24", "10.0.0.0/8", "192.168.7.7/32", "fe80::/10", "0.0.0.0/0", "::/0"]
STREAM = "command"
ROW = st.fixed_dictionaries(
    {
        "protocol": TEXT, "target": st.none() | TEXT, "value": st.none() | TEXT,
        "id.orig_h": st.sampled_from(ADDRESSES), "count": st.sampled_from(INTEGERS),
        "id.resp_p": st.none() | st.sampled_from([0, 1, 255, 502, 65_535]),
        "unit": st.none() | st.sampled_from([-(2**63), -1, 0, 1, 2**63 - 1]),
    }
)  # fmt: skip
TEXTS = st.sampled_from(["protocol", "target", "value"])
NUMBERS = st.sampled_from(["count", "id.resp_p", "unit"])
LEAF = st.one_of(
    st.builds(Text, TEXTS, st.lists(TEXT, min_size=1, max_size=3).map(tuple), st.booleans()),
    st.builds(Regex, TEXTS, st.sampled_from(["a", "^b+$", "(?i)AB|\\.", "[^a]b", "a.b"])),
    st.builds(
        Number, NUMBERS, st.sampled_from(["equals", "lt", "lte", "gt", "gte"]),
        st.sampled_from([*INTEGERS, -1, -(2**63), 2**64]),
    ),
    st.builds(There, TEXTS | NUMBERS, st.booleans()),
    st.builds(Net, st.just("id.orig_h"), st.lists(st.sampled_from(NETWORKS), min_size=1, max_size=2).map(tuple)),
    st.builds(Same, st.just("target"), st.just("value")),
    st.builds(Same, st.just("count"), st.just("id.resp_p")),
)  # fmt: skip
TREE: st.SearchStrategy[Condition] = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.builds(AllOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Not, inner),
    ),
    max_leaves=6,
)


def holds(tree: Condition, row: dict[str, Any]) -> bool:
    """The meaning of a condition, in plain Python and one row at a time."""
    match tree:
        case AllOf(of=of):
            return all(holds(part, row) for part in of)
        case AnyOf(of=of):
            return any(holds(part, row) for part in of)
        case Not(of=part):
            return not holds(part, row)
        case There(column=column, value=value):
            return (row[column] not in (None, "")) == value
        case Same(column=column, other=other):
            return None not in (row[column], row[other]) and str(row[column]).lower() == str(row[other]).lower()
    return row[tree.column] is not None and fits(tree, row[tree.column])


def fits(leaf: Text | Regex | Number | Flag | Net, value: Any) -> bool:
    """The same for a leaf and the value of its column."""
    match leaf:
        case Text(like=like, cased=cased):
            return any(is_like(str(value), one) if cased else is_like(value.lower(), one.lower()) for one in like)
        case Regex(pattern=pattern):
            return re.search(pattern.replace("$", r"\Z"), value) is not None
        case Number(compare=name, value=wanted):
            return {"equals": value == wanted, "lt": value < wanted, "lte": value <= wanted, "gt": value > wanted,
                    "gte": value >= wanted}[name]  # fmt: skip
        case Flag(value=wanted):
            return bool(value is wanted)
        case Net(within=within):
            try:
                return any(ipaddress.ip_address(value) in ipaddress.ip_network(n) for n in within)
            except ValueError:
                return False


def is_like(text: str, like: str) -> bool:
    """`*` and `?` as people read them, without a regular expression."""
    if not like:
        return not text
    if like[0] == "*":
        return any(is_like(text[i:], like[1:]) for i in range(len(text) + 1))
    first, rest = (like[1], like[2:]) if like[0] == "\\" and len(like) > 1 else (like[0], like[1:])
    stands_for_any = first == "?" and like[0] == "?"
    return bool(text) and (stands_for_any or text[0] == first) and is_like(text[1:], rest)


@settings(deadline=None, max_examples=400)
@given(TREE, st.lists(ROW, min_size=1, max_size=6))
def test_a_condition_means_the_same_for_batches_and_in_plain_python(
    tree: Condition, rows: list[dict[str, Any]]
) -> None:
    batch = frame(STREAM, rows)
    found = batch.select(expression(fitted(tree, STREAM)).alias("found"))["found"]
    assert found.null_count() == 0
    assert found.to_list() == [holds(tree, row) for row in rows]


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 32), st.lists(st.integers(0, 2**32 - 1), max_size=4))
def test_every_network_of_ipv4_has_its_own_addresses_and_no_others(number: int, length: int, others: list[int]) -> None:
    network = ipaddress.ip_network((number, length), strict=False)
    edges = [int(network.network_address), int(network.broadcast_address)]
    addresses = [ipaddress.IPv4Address(n % 2**32) for n in (*edges, edges[0] - 1, edges[1] + 1, *others)]
    batch = frame(STREAM, [{"id.orig_h": str(a)} for a in addresses])
    found = batch.select(expression(Net("id.orig_h", (str(network),)))).to_series()
    assert found.to_list() == [a in network for a in addresses]


@settings(deadline=None)
@given(TREE)
def test_a_condition_comes_back_from_its_file(tree: Condition) -> None:
    assert from_json(json.loads(json.dumps(as_json(tree)))) == tree


@settings(deadline=None)
@given(st.text(max_size=12))
def test_a_quoted_text_stands_for_itself_alone(text: str) -> None:
    batch = frame(STREAM, [{"target": text}, {"target": text + "x"}, {"target": None}])
    found = batch.select(expression(Text("target", (quoted(text),), cased=True)))
    assert found.to_series().to_list() == [True, False, False]


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        (Text("targte", ("x",)), "targte: the stream command has no such column (did you mean target?)"),
        (Text("count", ("x",)), "count: a column of numbers does not fit text"),
        (Number("verb", "gt", 1), "verb: a column of text does not fit the number 1"),
        (Number("count", "gt", 1.5), "count: a column of numbers needs a whole number of 64 bits, not 1.5"),
        (Number("ts", "gt", 1), "ts: a column of times does not fit"),
        (Regex("target", "a(?=b)"), "look-around"),
        (Same("target", "count"), "target: a column of text cannot be compared with count"),
        (Flag("target", True), "target: a column of text does not fit flag"),
    ],
)
def test_a_condition_that_does_not_fit_its_stream_is_refused(tree: Condition, said: str) -> None:
    with pytest.raises(RuleError, match=re.escape(said)):
        fitted(tree, STREAM)


def test_the_columns_are_those_of_all_streams_that_run() -> None:
    assert {"conn", "command", "transfer", "novelty", "modbus", "dns"} <= types().keys()
    assert "notice" not in types(), "a rule over notices would tell of itself"
    assert dict(DTYPES) == TEST_DTYPES
    for name in types():
        assert tuple(types()[name]) == stream(name).names


# --- what runs ---


def a_rule(looks_at: dict[str, Condition], **more: Any) -> Rule:
    about = {"name": "rule_test", "id": "4711", "title": "Written by the office", "severity": Severity.HIGH}
    return Rule(**(about | more), looks_at=looks_at)


WRITE = {"verb": "write", "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.0.1", "protocol": "modbus", "function": "x"}
OFFICE = AllOf((Text("verb", ("write",)), Net("id.orig_h", ("10.0.0.64/26",))))


def test_a_rule_is_told_as_ours_are() -> None:
    detection = detection_of(a_rule({"command": OFFICE}, attack=("T0855",), tactic="impair_process_control"))
    known = Knowledge(names={"10.0.0.1": "plc-1"})
    told = play(detection, {"command": [WRITE, WRITE | {"id.orig_h": "10.0.0.5"}, WRITE]}, known)
    (one,) = told
    assert (one.notice.note, one.notice.severity, one.frame) == ("rule_test", "high", 1)
    assert one.notice.msg == "Written by the office: 10.0.0.66 to plc-1 (10.0.0.1)."
    assert "verb = write" in one.notice.why and "rule 4711" in one.notice.why
    assert one.notice.techniques == "T0855" and one.notice.techniques_v19 == TECHNIQUES["T0855"].v19


def test_what_comes_again_is_counted() -> None:
    run = Run([detection_of(a_rule({"command": OFFICE}))])
    assert len(run.add("command", frame("command", [WRITE, WRITE, WRITE]))) == 1
    (again,) = run.end()
    assert again.notice.again and again.notice.count == 2


def test_rules_run_beside_ours_and_nothing_of_ours_changes() -> None:
    """Over the cases of every detection: all that it told without the rules is told with them."""
    rule = detection_of(a_rule({"command": Text("verb", ("*",)), "conn": Number("id.resp_p", "gte", 0)}))
    for detection in detections():
        alone = _notes([detection], detection.fires.records, detection.fires.knowledge)
        beside = _notes([detection, rule], detection.fires.records, detection.fires.knowledge)
        assert [n for n in beside if n != "rule_test"] == alone


def _notes(run_these: list[Any], records: Any, known: Knowledge) -> list[str]:
    run = Run(run_these, known)
    return [t.notice.note for name, rows in records.items() for t in run.add(name, frame(name, rows))]


def test_streams_without_endpoints_tell_of_one_device() -> None:
    rule = a_rule({"identity": Text("vendor", ("*siemens*",))}, title="A Siemens device")
    (told,) = play(detection_of(rule), {"identity": [{"address": "10.0.0.1", "vendor": "Siemens AG"}]}, Knowledge())
    assert told.notice.msg == "A Siemens device: 10.0.0.1." and told.resp_h == "10.0.0.1"


def at(second: float, **more: Any) -> dict[str, Any]:
    return WRITE | {"ts": int(second * 1e9)} | more


def counted(count: Count, rows: list[dict[str, Any]]) -> list[Told]:
    return play(detection_of(a_rule({"command": OFFICE}, count=count)), {"command": rows}, Knowledge())


def test_a_rule_that_counts_tells_when_there_are_enough_in_time() -> None:
    count = Count(3, 10.0, ("id.orig_h",))
    assert counted(count, [at(0), at(6), at(12), at(18)]) == []
    (told,) = counted(count, [at(0), at(6), at(9)])
    assert told.frame == 3 and told.notice.count == 3
    assert "3 records or more within 10 s" in told.notice.why


def test_a_rule_that_counts_tells_senders_apart() -> None:
    other = {"id.orig_h": "10.0.0.67"}
    count = Count(3, 10.0, ("id.orig_h",))
    assert counted(count, [at(0), at(1), at(2, **other), at(3, **other)]) == []
    assert len(counted(Count(3, 10.0), [at(0), at(1), at(2, **other)])) == 1


def test_a_row_that_stands_for_several_counts_as_such() -> None:
    assert len(counted(Count(3, 10.0), [at(0, count=3)])) == 1


def test_different_values_are_counted_once_each() -> None:
    count = Count(2, 10.0, ("id.orig_h",), "id.resp_h")
    assert counted(count, [at(0), at(1), at(2)]) == []
    assert len(counted(count, [at(0), at(1, **{"id.resp_h": "10.0.0.2"})])) == 1
    assert counted(count, [at(0), at(11, **{"id.resp_h": "10.0.0.2"})]) == []


def test_what_a_counting_rule_remembers_is_bounded() -> None:
    """Under a flood of addresses it forgets the least recent one, and so has an end to what it holds."""
    count = Count(1000, 60.0, ("id.resp_h",))
    begun, last = [at(i / 1000) for i in range(999)], [at(20)]
    flood = [at(1 + i / 1000, **{"id.resp_h": f"172.16.{i >> 8}.{i & 255}"}) for i in range(1_000)]
    assert len(counted(count, [*begun, *flood[:-1], *last])) == 1
    assert counted(count, [*begun, *flood, *last]) == []


# --- what a file says ---

GOOD = rule_as_json(a_rule({"command": OFFICE}, attack=("T0855",), count=Count(3, 10.0, ("id.orig_h",))))


def test_a_rule_comes_back_from_its_file() -> None:
    assert rule_as_json(rule_from_json("rule_test", GOOD)) == GOOD


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "format: 2 is not known"),
        ({"title": ""}, "title: use a text"),
        ({"severity": "bad"}, "severity: bad: use one of critical, high, medium, low, info"),
        ({"attack": ["T9999"]}, "attack: T9999 is no technique"),
        ({"tactic": "magic"}, "tactic: magic is no tactic"),
        ({"colour": "red"}, "colour: unknown key"),
        ({"looks_at": {}}, "looks_at: use an object"),
        ({"looks_at": {"comand": {}}}, "comand: no such stream (did you mean command?)"),
        ({"looks_at": {"command": {"all": []}}}, "looks_at.command.all: use a list of conditions"),
        ({"looks_at": {"command": {"column": "verb"}}}, "looks_at.command: use a column and one of"),
        (
            {"looks_at": {"command": {"all": [{"column": "count", "gt": True}]}}},
            "looks_at.command.all[0].gt: use a number",
        ),
        ({"looks_at": {"command": {"column": "id.orig_h", "within": ["ten"]}}}, "'ten' is no network"),
        ({"count": {"at_least": 0, "within_s": 1}}, "count.at_least: use a number from 1"),
        ({"count": {"at_least": 1.5, "within_s": 1}}, "count.at_least: use a whole number"),
        ({"count": {"at_least": 2, "within_s": 1, "by": ["ts"]}}, "count: ts: records cannot be told apart"),
        ({"count": {"at_least": 2, "within_s": 1, "by": ["nobody"]}}, "nobody: the stream command has no such column"),
    ],
)
def test_a_damaged_file_is_said_with_its_field(change: dict[str, Any], said: str) -> None:
    with pytest.raises(RuleError, match=re.escape(said)):
        rule_from_json("rule_test", GOOD | change)


def test_a_condition_that_is_nested_without_end_is_refused() -> None:
    deep: dict[str, Any] = {"column": "verb", "like": ["x"]}
    for _ in range(60):
        deep = {"not": deep}
    with pytest.raises(RuleError, match="nested too deep"):
        rule_from_json("rule_test", GOOD | {"looks_at": {"command": deep}})
