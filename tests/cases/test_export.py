"""Documents for other systems: read back by parsers of their own, and by the libraries that define them."""

from __future__ import annotations

import json
import re
import uuid
import warnings
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from linewarden.cases.correlate import Correlation
from linewarden.cases.export import cef, ecs, ocsf, rfc5424, stix
from linewarden.cases.export.common import STATES, TACTIC_IDS, notice_as_dict, utc, word
from linewarden.cases.export.formats import FORMATS, cases_file, document, notices_file
from linewarden.cases.model import STAGES, Case, Event, priority
from tests.cases import ecs_fields

T0 = 1_764_158_400_123_456_789
DOWNLOAD = Event(
    "0123456789abcdef0123", T0, T0 + 5 * 10**9, "program_download", "Program written into a controller",
    "10.0.0.9 wrote a program into 10.0.0.1.", "high", "lateral_movement", ("T0843", "T0889"), 0.9, "eng", "plc",
    "10.0.0.9", "10.0.0.1", "plant.pcapng", 42, (42, 43), 3, "function 0x1a; block DB1", "Another logic runs.",
    ("Ask who did it.", "Compare the programs."), "announced work", None, 51_000, 102, "line1", "Cabc",
)  # fmt: skip
SWEEP = replace(
    DOWNLOAD, notice_id="ffff", note="port_sweep", title="Ports tried", ts=T0 - 10**9, until=T0 - 10**9,
    severity="medium", tactic="discovery", techniques=("T0846",), resp_h="fe80::1", orig_p=None, resp_p=None,
)  # fmt: skip
LINK = replace(
    DOWNLOAD, notice_id="aaaa", orig_h="00:0e:8c:00:00:01", resp_h="ff:ff:ff:ff:ff:ff", orig_p=None, resp_p=None
)
NOWHERE = replace(DOWNLOAD, notice_id="bbbb", orig_h="", resp_h="", orig="", resp="", techniques=(), tactic="")
ALL = (DOWNLOAD, SWEEP, LINK, NOWHERE)
any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.lists(
    st.sampled_from([" src=", "=", "\\", "|", "\n", "\r", "]", '"', " ", "x", "\\=", "\x1b[0m", '" a="']), max_size=12
).map("".join)
"""What a device may call itself: control characters, line ends, quotes, everything."""
events = st.builds(
    lambda msg, why, title, capture, severity, port: replace(
        DOWNLOAD, msg=msg, why=why, title=title, capture=capture, severity=severity, resp_p=port
    ),
    any_text, any_text, any_text, any_text, st.sampled_from(sorted(cef.SEVERITY)), st.none() | st.integers(1, 65_535),
)  # fmt: skip


def case() -> Case:
    board = Correlation()
    for event in (SWEEP, DOWNLOAD):
        board.add(event)
    (found,) = board.cases()
    return found


# --- CEF and syslog: small readers of our own, after the standards ---


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r"}.get(m[1], m[1]), text)


def read_cef(line: str) -> tuple[list[str], dict[str, str]]:
    """Seven fields ended by bars without a backslash before them, then keys and values."""
    fields = re.findall(r"((?:[^\\|]|\\.)*)\|", line)[:7]
    rest = re.sub(r"^(?:(?:[^\\|]|\\.)*\|){7}", "", line)
    marks = list(re.finditer(r"(?:^| )(\w+)=", rest))
    ends = [m.start() for m in marks[1:]] + [len(rest)]
    return [unescaped(f) for f in fields], {
        m[1]: unescaped(rest[m.end() : end]) for m, end in zip(marks, ends, strict=True)
    }


def read_syslog(message: bytes) -> tuple[dict[str, str], dict[str, dict[str, str]], str]:
    text = message.decode()
    head = re.match(r"<(?P<pri>\d{1,3})>1 (?P<ts>\S+) (?P<host>\S+) (?P<app>\S+) (?P<proc>\S+) (?P<msgid>\S+) ", text)
    assert head, text
    param = r'(?:[^"\\\]]|\\["\\\]])*'
    data = re.match(rf'(\[[^ \]]+(?: [^=\] ]+="{param}")*\])+', text[head.end() :])
    assert data, text
    elements = {
        name: {k: re.sub(r'\\(["\\\]])', r"\1", v) for k, v in re.findall(rf' ([^= ]+)="({param})"', inner)}
        for name, inner in re.findall(rf'\[([^ \]]+)((?: [^=\] ]+="{param}")*)\]', data[0])
    }
    assert text[head.end() + data.end()] == " "
    return head.groupdict(), elements, text[head.end() + data.end() + 1 :]


def one_line(text: str) -> str:
    """What moves no cursor."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text)


def lines(text: str) -> str:
    """The same with its line ends kept; blanks at the ends go."""
    return "\n".join(map(one_line, text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))).strip(" ")


@given(events)
def test_cef_says_what_was_given_whatever_a_device_calls_itself(event: Event) -> None:
    line = cef.notice_as_cef(event)
    assert line.isprintable(), "a line end or control character would begin a line of its own"
    fields, values = read_cef(line)
    assert fields[:5] == ["CEF:0", "Linewarden", "Linewarden", fields[3], "program_download"]
    assert fields[5] == (one_line(event.title) or event.note)
    assert fields[6] == str(cef.SEVERITY[event.severity])
    assert values.get("msg", "") == lines(event.msg)
    assert values.get("cs2", "") == lines(event.why)
    assert values["externalId"] == event.notice_id
    assert values.get("dpt") == (str(event.resp_p) if event.resp_p else None)


@given(any_text)
def test_a_header_field_comes_back(text: str) -> None:
    fields, _ = read_cef(f"CEF:0|{cef.header(text)}|b|c|d|e|f|g=h")
    assert fields[1] == one_line(text)
    assert fields[2:] == ["b", "c", "d", "e", "f"]


def test_cef_names_addresses_by_their_kind() -> None:
    _, four = read_cef(cef.notice_as_cef(DOWNLOAD, "c1"))
    assert (four["src"], four["spt"], four["dst"], four["dpt"]) == ("10.0.0.9", "51000", "10.0.0.1", "102")
    assert (four["cs1"], four["cs1Label"], four["cnt"], four["rt"]) == (
        "T0843 T0889",
        "ATT&CK for ICS",
        "3",
        str(T0 // 10**6),
    )
    assert (four["cs6"], four["cs6Label"], four["cs3"]) == ("c1", "Case", "plant.pcapng:42")
    _, six = read_cef(cef.notice_as_cef(SWEEP))
    assert (six["c6a3"], six["c6a3Label"]) == ("fe80::1", "Destination IPv6 Address") and "dst" not in six
    _, link = read_cef(cef.notice_as_cef(LINK))
    assert (link["smac"], link["dmac"]) == ("00:0e:8c:00:00:01", "ff:ff:ff:ff:ff:ff")


@given(events, any_text)
def test_a_syslog_message_can_be_taken_apart(event: Event, host: str) -> None:
    body = document(event, "cef")
    head, data, said = read_syslog(rfc5424.message(event, body, host, "12"))
    assert int(head["pri"]) == 16 * 8 + rfc5424.SEVERITY[event.severity]
    assert head["ts"] == "2025-11-26T12:00:00.123456Z"
    assert (head["app"], head["proc"], head["msgid"]) == ("linewarden", "12", "program_download")
    assert data["origin"]["software"] == "Linewarden"
    assert data[rfc5424.OURS]["id"] == event.notice_id and data[rfc5424.OURS]["dst"] == "10.0.0.1"
    assert said == body


@given(any_text)
def test_a_value_of_structured_data_comes_back(text: str) -> None:
    event = replace(DOWNLOAD, sensor=text)
    _, data, _ = read_syslog(rfc5424.message(event, "x", "h"))
    assert data[rfc5424.OURS].get("sensor", "") == one_line(text)


@given(st.lists(st.binary(max_size=50)))
def test_counted_messages_are_told_apart_whatever_is_in_them(messages: list[bytes]) -> None:
    stream, found = b"".join(map(rfc5424.counted, messages)), []
    while stream:
        size, _, stream = stream.partition(b" ")
        found.append(stream[: int(size)])
        stream = stream[int(size) :]
    assert found == messages


# --- STIX ---


def parsed(bundle: dict[str, Any]) -> Any:
    library = pytest.importorskip("stix2", reason="needs stix2: pip install stix2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return library.parse(json.dumps(bundle), version="2.1")


@pytest.mark.parametrize("event", ALL, ids=["ipv4", "ipv6", "mac", "nowhere"])
def test_stix_of_a_notice_is_what_the_library_of_oasis_accepts(event: Event) -> None:
    found = parsed(stix.notices_as_stix([event]))
    by_type: dict[str, list[Any]] = {}
    for o in found.objects:
        by_type.setdefault(o["type"], []).append(o)
    (seen,) = by_type["observed-data"]
    assert seen.number_observed == 3
    assert {s.sighting_of_ref for s in by_type["sighting"]} == {p.id for p in by_type["attack-pattern"]}
    assert all(s.observed_data_refs == [seen.id] and s.count == 3 for s in by_type["sighting"])
    ids = {o["id"] for o in found.objects}
    assert set(seen.object_refs) <= ids, "a reference that leads nowhere"
    numbers = [r.external_id for p in by_type["attack-pattern"] for r in p.external_references]
    assert numbers == (list(event.techniques) or [event.note])


@pytest.mark.parametrize("event", ALL, ids=["ipv4", "ipv6", "mac", "nowhere"])
def test_observables_have_the_ids_that_the_standard_derives(event: Event) -> None:
    library = pytest.importorskip("stix2", reason="needs stix2: pip install stix2")
    kinds = {"ipv4-addr", "ipv6-addr", "mac-addr", "network-traffic", "file"}
    found = [o for o in stix.notices_as_stix([event])["objects"] if o["type"] in kinds]
    for said in found:
        bare = {k: v for k, v in said.items() if k != "id"}
        assert library.parse(bare, version="2.1").id == said["id"]
    assert len(found) == (1 if event is NOWHERE else 3)


def test_stix_of_a_case_groups_all_that_its_notices_bring() -> None:
    one = case()
    bundle = stix.cases_as_stix([(priority(one), one)], {"plc": "Mixer"})
    found = parsed(bundle)
    (group,) = [o for o in found.objects if o.type == "grouping"]
    assert group.context == "suspicious-activity" and "Mixer" in group.description
    inner = {o["id"] for o in found.objects if o["type"] not in ("grouping", "identity")}
    assert set(group.object_refs) == inner
    named = [o.external_references[0].external_id for o in found.objects if o.type == "attack-pattern"]
    assert sorted(named) == ["T0843", "T0846", "T0889"]
    assert stix.cases_as_stix([(priority(one), one)], {"plc": "Mixer"}) == bundle


def test_a_notice_that_was_counted_on_is_the_same_object_and_newer() -> None:
    before = {o["id"]: o for o in stix.notices_as_stix([DOWNLOAD])["objects"]}
    after = {o["id"]: o for o in stix.notices_as_stix([replace(DOWNLOAD, count=9, until=T0 + 10**12)])["objects"]}
    assert before.keys() == after.keys()
    changed = {o["type"] for i, o in after.items() if o != before[i]}
    assert changed == {"observed-data", "sighting"}
    assert all(after[i]["modified"] > before[i]["modified"] for i in after if after[i]["type"] in changed)


@given(events)
def test_stix_ids_are_proper_and_unique(event: Event) -> None:
    ids = [o["id"] for o in stix.notices_as_stix([event])["objects"]]
    assert len(set(ids)) == len(ids)
    assert {uuid.UUID(i.partition("--")[2]).version for i in ids} == {5}


# --- OCSF, ECS ---


def test_ocsf_has_what_the_class_requires() -> None:
    found = ocsf.notice_as_ocsf(DOWNLOAD, "c1")
    assert (found["class_uid"], found["category_uid"], found["type_uid"], found["activity_id"]) == (2004, 2, 200_401, 1)
    assert (found["severity_id"], found["severity"], found["is_alert"]) == (4, "High", True)
    assert found["time"] == T0 // 10**6 and found["metadata"]["version"].startswith("1.")
    assert found["metadata"]["product"]["vendor_name"] == "Linewarden"
    assert [a["technique"]["uid"] for a in found["finding_info"]["attacks"]] == ["T0843", "T0889"]
    assert found["finding_info"]["attacks"][0]["tactic"]["uid"] == "TA0109"
    (proof,) = found["evidences"]
    assert proof["src_endpoint"] == {"ip": "10.0.0.9", "port": 51_000}
    assert proof["data"]["frames"] == [42, 43]
    assert found["finding_info"]["related_events"][0]["uid"] == "case-c1"


def test_ocsf_of_a_case_has_the_evidence_of_all_notices() -> None:
    found = ocsf.case_as_ocsf(case(), 70)
    assert [e["data"]["notice"] for e in found["evidences"]] == [SWEEP.notice_id, DOWNLOAD.notice_id]
    assert {(a["tactic"]["uid"], a["technique"]["uid"]) for a in found["finding_info"]["attacks"]} == {
        ("TA0102", "T0846"), ("TA0109", "T0843"), ("TA0109", "T0889"),
    }  # fmt: skip
    assert (found["risk_score"], found["count"], found["severity_id"]) == (70, 6, 4)


def test_what_was_expected_is_not_new() -> None:
    found = ocsf.notice_as_ocsf(replace(DOWNLOAD, expected="window of Tuesday"))
    assert (found["status_id"], found["status_detail"]) == (3, "window of Tuesday")


def test_ecs_is_an_alert_with_rule_threat_and_both_ends() -> None:
    found = ecs.notice_as_ecs(DOWNLOAD, "c1")
    assert found["@timestamp"] == "2025-11-26T12:00:00.123Z"
    assert found["event"]["kind"] == "alert" and found["event"]["id"] == DOWNLOAD.notice_id
    assert (found["rule"]["id"], found["rule"]["name"]) == ("program_download", DOWNLOAD.title)
    assert found["threat"]["tactic"]["id"] == ["TA0109"] and found["threat"]["tactic"]["name"] == ["Lateral Movement"]
    assert found["threat"]["technique"]["id"] == ["T0843", "T0889"]
    assert found["source"] == {"address": "10.0.0.9", "ip": "10.0.0.9", "port": 51_000}
    assert found["network"] == {"type": "ipv4"}
    assert found["linewarden"]["case"] == {"id": "c1"}
    assert ecs.notice_as_ecs(LINK)["source"]["mac"] == "00-0E-8C-00-00-01"
    assert "threat" not in ecs.notice_as_ecs(NOWHERE)


@pytest.fixture(scope="module")
def ocsf_schema() -> Any:
    pytest.importorskip("ocsf", reason="needs pydantic-ocsf, for the schema's files")
    from tests.cases.ocsf_schema import Schema

    return Schema(ocsf.VERSION)


@pytest.mark.parametrize("event", ALL, ids=["ipv4", "ipv6", "mac", "nowhere"])
def test_ocsf_holds_against_the_schema(event: Event, ocsf_schema: Any) -> None:
    for severity in ocsf.SEVERITY:
        for expected in ("", "window of Tuesday"):
            told = ocsf.notice_as_ocsf(replace(event, severity=severity, expected=expected), "c1")
            assert ocsf_schema.faults("detection_finding", told) == []
    assert ocsf_schema.faults("detection_finding", ocsf.case_as_ocsf(case(), 70, {"plc": "Mixer"})) == []


@pytest.mark.parametrize("state", STATES)
def test_what_becomes_of_a_case_holds_against_the_schema(state: str, ocsf_schema: Any) -> None:
    told = word(case(), 70, state, {"plc": "Mixer"})
    assert ocsf_schema.faults("detection_finding", json.loads(document(told, "ocsf"))) == []


@pytest.mark.parametrize("state", STATES)
def test_what_becomes_of_a_case_is_told_in_every_format(state: str) -> None:
    told = word(case(), 70, state, {"plc": "Mixer"})
    found = json.loads(document(told, "ocsf"))
    assert (found["finding_info"]["uid"], found["risk_score"]) == (f"case-{case().id}", 70)
    ours = json.loads(document(told, "ecs"))
    assert ecs_fields.faults(ours) == [] and ours["linewarden"]["case"] == {
        "id": case().id,
        "state": state,
        "priority": 70,
    }
    assert json.loads(document(told, "json"))["state"] == read_cef(document(told, "cef"))[1]["act"] == state
    assert parsed(json.loads(document(told, "stix")))


def test_the_schema_finds_what_is_wrong(ocsf_schema: Any) -> None:
    """A check that never says no proves nothing."""
    told = ocsf.notice_as_ocsf(DOWNLOAD)
    wrong = {"severity_id": 77, "time": "today", "evidences": [{"uid": "1"}], "extra": 1, "class_uid": 2003}
    kept = {k: v for k, v in told.items() if k != "metadata"}
    said = "\n".join(ocsf_schema.faults("detection_finding", {**kept, **wrong}))
    for expected in (
        "severity_id: 77",
        "'today'",
        "uid is not known",
        "has none of",
        "extra",
        "metadata is missing",
        "2003",
    ):
        assert expected in said


@pytest.mark.parametrize("event", ALL, ids=["ipv4", "ipv6", "mac", "nowhere"])
def test_ecs_holds_against_the_schemas_fields(event: Event) -> None:
    for severity in ecs.SEVERITY:
        assert ecs_fields.faults(ecs.notice_as_ecs(replace(event, severity=severity, sensor="s1"), "c1")) == []


def test_the_fields_find_what_is_wrong() -> None:
    told = ecs.notice_as_ecs(DOWNLOAD)
    wrong = {"event": {**told["event"], "severity": "9", "type": ["start"]}, "source": {"ip": ["10.0.0.9"]}, "x": 1}
    assert len(ecs_fields.faults({**told, **wrong})) == 4


@pytest.mark.parametrize("event", ALL, ids=["ipv4", "ipv6", "mac", "nowhere"])
def test_the_validator_of_oasis_has_nothing_against_our_stix(event: Event) -> None:
    """Beyond `stix2`: also what the standard says in words. It recommends random ids; ours are derived (UUIDv5)."""
    validator = pytest.importorskip("stix2validator", reason="needs stix2-validator: pip install stix2-validator")
    bundles = [stix.notices_as_stix([event]), stix.cases_as_stix([(70, case())], {"plc": "Mixer"})]
    for bundle in bundles:
        found = validator.validate_instance(bundle, validator.ValidationOptions(version="2.1"))
        assert found.is_valid and not found.errors


def test_every_tactic_has_its_number() -> None:
    assert set(TACTIC_IDS) == set(STAGES)


# --- all of them ---


@pytest.mark.parametrize("form", FORMATS)
@given(event=events)
def test_one_document_is_one_line_and_always_the_same(form: str, event: Event) -> None:
    found = document(event, form)
    assert "\n" not in found and found == document(event, form)
    if form != "cef":
        assert json.loads(found)


@pytest.mark.parametrize("form", FORMATS)
def test_files_name_every_notice_and_case(form: str) -> None:
    one = case()
    text = "".join(cases_file([(70, one)], form, {}))
    assert one.id in text and all(e.notice_id in text for e in one.events)
    notices = "".join(notices_file(ALL, form))
    assert all(e.notice_id in notices for e in ALL)
    if form in ("stix", "json"):
        json.loads(text), json.loads(notices)
    else:
        assert len(text.splitlines()) == (1 if form == "ocsf" else 3)
        assert len(notices.splitlines()) == len(ALL)


def test_a_case_and_the_notice_that_opened_it_have_each_their_id() -> None:
    """A receiver that leaves out what it knows already must not leave out either."""
    one = case()
    lines = "".join(cases_file([(70, one)], "cef", {})).splitlines()
    ids = [read_cef(line)[1]["externalId"] for line in lines]
    assert len(set(ids)) == 3 and ids[0] == f"case-{one.id}"
    assert {read_cef(line)[1]["cs6"] for line in lines} == {one.id}


def test_nothing_to_tell_is_a_right_file_too() -> None:
    assert [("".join(notices_file([], f))) for f in ("cef", "ecs", "ocsf")] == ["", "", ""]
    assert json.loads("".join(notices_file([], "json"))) == []
    assert parsed(json.loads("".join(notices_file([], "stix")))).objects[0].type == "identity"


def test_json_has_all_that_is_known() -> None:
    found = json.loads(json.dumps(notice_as_dict(DOWNLOAD, "c1")))
    assert found["why"] == DOWNLOAD.why and found["case"] == "c1" and found["ts"].endswith("123456789Z")


@given(st.integers(0, 4_000_000_000 * 10**9), st.integers(1, 9))
def test_times_are_cut_never_rounded(ns: int, digits: int) -> None:
    assert utc(ns, digits)[:-1] == utc(ns, 9)[: len("2025-11-26T12:00:00.") + digits]
