"""Sigma rules become rules of ours, or are refused with the field."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from linewarden.detections.knowledge import Knowledge
from linewarden.detections.rules.rule import Rule, rule_as_json, rule_from_json
from linewarden.detections.rules.running import detection_of
from linewarden.detections.rules.sigma import Converted, attack_of, convert
from tests.detections.build import play

pytest.importorskip("sigma", reason="pySigma is not installed: pip install 'linewarden[sigma]'")

HEAD = {"title": "A test", "id": "11111111-2222-3333-4444-555555555555", "level": "high"}
SAMR = {"interface": "account_manager", "operation": "SamrConnect"}
OURS = {"product": "linewarden", "category": "command"}


def sigma(detection: dict[str, Any], logsource: dict[str, str] | None = None, **more: Any) -> str:
    """A Sigma rule as text: JSON is YAML, too."""
    return json.dumps(HEAD | {"logsource": logsource or OURS, "detection": {"condition": "sel", **detection}} | more)


def one(text: str) -> Rule:
    done = convert({"a.yml": text}, {})
    assert [str(r) for r in done.refused] == []
    (rule,) = done.rules
    # What is kept in a file is what runs.
    assert rule_from_json(rule.name, json.loads(json.dumps(rule_as_json(rule)))) == rule
    return rule


def why(text: str) -> str:
    done = convert({"a.yml": text}, {})
    assert done.rules == []
    (refused,) = done.refused
    assert str(refused).startswith("a.yml: ") and "\n" not in str(refused)
    return refused.why


def hits(rule: Rule, stream: str, *rows: dict[str, Any]) -> list[bool]:
    """Which of these rows the rule tells, each alone."""
    return [bool(play(detection_of(rule), {stream: [row]}, Knowledge())) for row in rows]


@pytest.mark.parametrize(
    ("item", "fitting", "other"),
    [
        ({"target": "DB*"}, {"target": "db10"}, {"target": "adb"}),
        ({"target": "d?1"}, {"target": "DB1"}, {"target": "db11"}),
        ({"target": "a\\*b"}, {"target": "a*b"}, {"target": "axb"}),
        ({"target|contains": "recipe"}, {"target": "The Recipe."}, {"target": "none"}),
        ({"target|startswith": "x"}, {"target": "Xy"}, {"target": "yx"}),
        ({"target|endswith": "x"}, {"target": "yX"}, {"target": "xy"}),
        ({"target|contains|all": ["a", "b"]}, {"target": "b-a"}, {"target": "a"}),
        ({"target|cased": "DB1"}, {"target": "DB1"}, {"target": "db1"}),
        ({"target|re": "^db[0-9]+$"}, {"target": "db12"}, {"target": "DB12"}),
        ({"target|re|i": "^db[0-9]+$"}, {"target": "DB12"}, {"target": "db"}),
        ({"target": None}, {"target": None}, {"target": "x"}),
        ({"target": ""}, {"target": None}, {"target": "x"}),
        ({"target|exists": True}, {"target": "x"}, {"target": None}),
        ({"target|fieldref": "value"}, {"target": "A", "value": "a"}, {"target": "a", "value": "b"}),
        ({"target": 5}, {"target": "5"}, {"target": "50"}),
        ({"id.resp_p": 502}, {"id.resp_p": 502}, {"id.resp_p": 503}),
        ({"id.resp_p": "502"}, {"id.resp_p": 502}, {"id.resp_p": None}),
        ({"id.resp_p": [102, 502]}, {"id.resp_p": 102}, {"id.resp_p": 44_818}),
        ({"count|gte": 10}, {"count": 10}, {"count": 9}),
        ({"count|lt": 10}, {"count": 9}, {"count": 10}),
        ({"count|neq": 10}, {"count": 9}, {"count": 10}),
        ({"id.orig_h|cidr": "10.1.0.0/16"}, {"id.orig_h": "10.1.2.3"}, {"id.orig_h": "10.2.0.1"}),
        ({"id.orig_h|cidr": "fe80::/10"}, {"id.orig_h": "fe80::7"}, {"id.orig_h": "10.2.0.1"}),
        ({"verb": ["stop", "start"], "count": 1}, {"verb": "stop", "count": 1}, {"verb": "stop", "count": 2}),
    ],
)
def test_a_value_means_what_sigma_says(item: dict[str, Any], fitting: dict[str, Any], other: dict[str, Any]) -> None:
    assert hits(one(sigma({"sel": item})), "command", fitting, other) == [True, False]


def test_conditions_are_put_together() -> None:
    parts = {
        "write_a": {"verb": "write"}, "write_b": {"verb": "force"}, "known": [{"id.orig_h": "10.0.0.5"}, {"unit": 7}],
        "condition": "1 of write_* and not known",
    }  # fmt: skip
    rule = one(sigma(parts))
    rows = [{"verb": v, "id.orig_h": h, "unit": u} for v, h, u in
            [("write", "10.0.0.1", 1), ("force", "10.0.0.1", None), ("read", "10.0.0.1", 1), ("write", "10.0.0.5", 1),
             ("write", "10.0.0.1", 7)]]  # fmt: skip
    assert hits(rule, "command", *rows) == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("service", "item", "stream", "row"),
    [
        ("http", {"c-uri|endswith": ".exe", "sc-status": 200}, "http", {"uri": "/a.EXE", "status_code": 200}),
        ("dns", {"query|endswith": ".example.com", "AA": "true"}, "dns", {"query": "a.example.com", "AA": True}),
        ("modbus", {"func": "WRITE_SINGLE_COIL"}, "modbus", {"function": "write_single_coil"}),
        ("conn", {"service": "ssl", "dst_port": 443}, "conn", {"service": "tls", "id.resp_p": 443}),
        ("dce_rpc", {"endpoint": "samr", "operation": "SamrConnect"}, "dcerpc", SAMR),
        ("dce_rpc", {"endpoint": "samr", "operation": "SamrConnect"}, "smb", SAMR),
        ("dns", {"query": "x.example.com"}, "dns_tcp", {"query": "x.example.com"}),
        ("x509", {"certificate.issuer|contains": "evil"}, "tls", {"issuer": "CN=Evil"}),
    ],
)  # fmt: skip
def test_logs_of_zeek_are_streams_of_ours(service: str, item: dict[str, Any], stream: str, row: dict[str, Any]) -> None:
    assert hits(one(sigma({"sel": item}, {"product": "zeek", "service": service})), stream, row, {}) == [True, False]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (sigma({"sel": {"vreb": "x"}}), "vreb: the stream command has no such column (did you mean verb?)"),
        (sigma({"sel": {"c-nothing": 1}}, {"product": "zeek", "service": "http"}), "c-nothing: the stream http"),
        (sigma({"sel": {"sc-status|contains": "4"}}, {"product": "zeek", "service": "http"}),
         "sc-status: '*4*' is no number, and the column status_code has numbers"),
        (sigma({"sel": {"version": "TLSv12"}}, {"product": "zeek", "service": "ssl"}), "the stream tls has this in"),
        (sigma({"sel": ["keyword"]}), "detection: the keyword 'keyword' names no field"),
        (sigma({"sel": {"target|expand": "%admins%"}}), "target: the placeholder"),
        (sigma({"sel": {"target|re": "a(?!b)"}}), "invalid perl operator"),
        (sigma({"sel": {"ts|hour": 3}}), "ts: parts of a time are not taken"),
        (sigma({"sel": {"verb": "x"}, "condition": "sel | count() > 5"}), "pipe syntax"),
        (sigma({"sel": {"verb": "x"}, "condition": "nobody"}), "'nobody' not defined"),
        (sigma({"sel": {"verb": "x"}}, {"product": "windows", "service": "security"}), "logsource: -/windows/security"),
        (sigma({"sel": {"verb": "x"}}, {"product": "zeek", "service": "kerberos"}), "kerberos of Zeek"),
        (sigma({"sel": {"verb": "x"}}, {"product": "linewarden", "category": "comand"}),
         "logsource.category: comand: no such stream (did you mean command?)"),
        (sigma({"sel": {"note": "x"}}, {"product": "linewarden", "category": "notice"}), "notice: no such stream"),
        ("- a\n- b", "no Sigma rule"),
        ("a: [", "no Sigma rule"),
        ("", "no Sigma rule (the file is empty)"),
        ("title: x", "Sigma rule must have a log source"),
        ("action: magic", "no Sigma rule (Unknown Sigma collection action 'magic'"),
        (sigma({"sel": {"count|gte": float("inf")}}).replace("Infinity", ".inf"), "Invalid number"),
    ],
)  # fmt: skip
def test_what_cannot_be_expressed_is_refused_with_its_field(text: str, said: str) -> None:
    assert said in why(text)


def test_a_refused_rule_leaves_the_others() -> None:
    bad = sigma({"sel": {"vreb": "x"}}, id="99999999-2222-3333-4444-555555555555", title="Bad")
    done = convert({"a.yml": sigma({"sel": {"verb": "x"}}) + "\n---\n" + bad, "b.yml": "["}, {})
    assert [r.name for r in done.rules] == ["rule_a_test"]
    assert [(r.file, r.title) for r in done.refused] == [("b.yml", ""), ("a.yml", "Bad")]


def test_a_filter_is_refused_and_not_left_out_in_silence() -> None:
    about = {"title": "Not these", "logsource": OURS}
    text = json.dumps(about | {"filter": {"rules": [HEAD["id"]], "sel": {"unit": 1}, "condition": "not sel"}})
    assert "filter: filters are not taken" in why(text)


def test_what_a_rule_says_of_itself_is_kept() -> None:
    tags = ["attack.t0843", "attack.lateral-movement", "attack.t1110.001", "attack.t1059", "cve.2020-1"]
    rule = one(
        sigma({"sel": {"verb": "x"}}, tags=tags, falsepositives=["maintenance"], description="Two\nlines.",
              references=["https://example.com/a"])
    )  # fmt: skip
    assert (rule.id, rule.title, str(rule.severity)) == (HEAD["id"], "A test", "high")
    assert (rule.attack, rule.tactic, rule.tags) == (("T0843", "T1110"), "lateral_movement", tuple(tags))
    detection = detection_of(rule)
    assert "Two lines." in detection.meaning and detection.benign == "maintenance"
    assert "https://example.com/a" in detection.runbook[0] and len(detection.runbook) == 3


@pytest.mark.parametrize(("level", "severity"), [("informational", "info"), ("critical", "critical"), (None, "medium")])
def test_levels_are_severities(level: str | None, severity: str) -> None:
    text = json.loads(sigma({"sel": {"verb": "x"}})) | {"level": level}
    if level is None:
        del text["level"]
    assert one(json.dumps(text)).severity == severity


def test_tactics_without_techniques_and_the_other_way_round() -> None:
    assert attack_of(("attack.discovery",)) == ((), "discovery")
    assert attack_of(("attack.t0846",)) == attack_of(("attack.ics.t0846",)) == (("T0846",), "discovery")
    assert attack_of(("attack.t1059.001", "attack.s0002", "tlp.red")) == ((), "")


# --- correlations ---


def correlation(**more: Any) -> str:
    """Two documents: a rule with a name, and one that counts it."""
    base = sigma({"sel": {"verb": "authenticate", "errors|gte": 1}}, name="refused", id="22222222" + HEAD["id"][8:])
    about = {"type": "event_count", "rules": ["refused"], "group-by": ["id.orig_h"], "timespan": "1m",
             "condition": {"gte": 3}} | more  # fmt: skip
    return base + "\n---\n" + json.dumps(HEAD | {"correlation": about})


def tries(*seconds: int) -> list[dict[str, Any]]:
    return [{"ts": s * 10**9, "verb": "authenticate", "errors": 1, "id.orig_h": "10.0.0.66", "id.resp_h": f"10.0.0.{s}"}
            for s in seconds]  # fmt: skip


def test_a_correlation_counts_and_its_rule_is_not_told_by_itself() -> None:
    rule = one(correlation())
    assert len(play(detection_of(rule), {"command": tries(1, 2, 3)}, Knowledge())) == 1
    assert play(detection_of(rule), {"command": tries(1, 2, 100)}, Knowledge()) == []


def test_a_correlation_may_count_values_and_leave_its_rule() -> None:
    done = convert(
        {"a.yml": correlation(type="value_count", condition={"gt": 2, "field": "id.resp_h"}, generate=True)}, {}
    )
    base, counting = sorted(done.rules, key=lambda r: r.count is not None)
    assert base.count is None and counting.count is not None and counting.count.distinct == "id.resp_h"
    assert len(play(detection_of(counting), {"command": tries(1, 2, 3)}, Knowledge())) == 1
    assert play(detection_of(counting), {"command": tries(1, 1, 1, 2)}, Knowledge()) == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"type": "temporal"}, "correlation.type: temporal is not taken"),
        ({"condition": {"lt": 3}}, "correlation.condition: lt is not taken"),
        ({"condition": {"gte": 100_000}}, "correlation.condition: 100000: use 1 to"),
        ({"timespan": "30d"}, "correlation.timespan: 30d is too long"),
        ({"rules": ["nobody"]}, "correlation.rules: nobody: no such rule"),
        ({"group-by": ["nobody"]}, "count: nobody: the stream command has no such column"),
    ],
)
def test_a_correlation_that_cannot_be_counted_is_refused(more: dict[str, Any], said: str) -> None:
    done = convert({"a.yml": correlation(**more)}, {})
    assert any(said in r.why for r in done.refused), done.refused


# --- names ---


def test_two_rules_of_one_title_have_two_names_and_a_rule_keeps_its_own() -> None:
    texts = {f"{i}.yml": sigma({"sel": {"verb": "x"}}, id=f"{i}" * 8 + HEAD["id"][8:]) for i in (1, 2)}
    first = _names(convert(texts, {}))
    assert first == ["rule_a_test", "rule_a_test_222222222222"]
    taken = {"rule_a_test": "2" * 8 + HEAD["id"][8:], "rule_a_test_111111112222": "1" * 8 + HEAD["id"][8:]}
    assert _names(convert(texts, taken)) == ["rule_a_test_111111112222", "rule_a_test"]


def test_the_second_rule_of_an_id_is_refused() -> None:
    done = convert({"a.yml": sigma({"sel": {"verb": "x"}}), "b.yml": sigma({"sel": {"verb": "y"}}, title="Other")}, {})
    assert [r.title for r in done.rules] == ["A test"]
    assert [(r.file, r.title) for r in done.refused] == [("b.yml", "Other")]
    assert "is that of another rule in a.yml" in done.refused[0].why


def _names(done: Converted) -> list[str]:
    assert done.refused == []
    return [rule.name for rule in done.rules]


# --- the page of documentation ---


def test_the_rules_of_the_documentation_are_taken_and_fire() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "own-rules.md").read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    done = convert({f"block {i}": text for i, text in enumerate(blocks)}, {})
    assert done.refused == []
    office, quiet, tried = done.rules
    write = {"verb": "write", "id.orig_h": "10.20.7.7"}
    assert hits(office, "command", write, write | {"id.orig_h": "10.20.0.5"}, write | {"verb": "read"}) == [1, 0, 0]
    assert hits(quiet, "dnp3", {"func": 21}, {"func": 20}) == [True, False]
    refused = [{"ts": i * 10**9, "func": i, "exception_name": "illegal_function"} for i in range(90, 95)]
    assert len(play(detection_of(tried), {"modbus": refused}, Knowledge())) == 1
    assert play(detection_of(tried), {"modbus": refused[:4]}, Knowledge()) == []
