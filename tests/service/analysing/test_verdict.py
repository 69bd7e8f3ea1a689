"""The rules, one by one: which facts make which verdict."""

from dataclasses import replace

import pytest

from linewarden.service.analysing.doings import Deed, Word
from linewarden.service.analysing.verdict import RULES, Facts, Kind, judged, severity_of

CALM = Facts(score=3.0, sure=1.0, rise_s=0.0, still=False, hears=True)
WROTE = Deed(0, "10.0.0.66", "10.0.0.1", "modbus", "write", "holding_register 0", "450", "writer", "", "", "", 1)
ARP = Word(0, "arp_poisoning", "high", "collection", "10.0.0.66", "10.0.0.1", "x", expected=False)
REPEATED = Word(0, "values_repeated", "medium", "evasion", "", "10.0.0.1", "x", expected=False)
PROGRAM = Word(0, "program_download", "high", "lateral_movement", "10.0.0.66", "10.0.0.1", "x", expected=False)


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        (replace(CALM, near=(WROTE,)), Kind.ATTACK),
        (replace(CALM, near=(WROTE,), announced="announced: work"), Kind.CHANGE),
        (replace(CALM, near=(replace(WROTE, new="value"),)), Kind.UNCLEAR),
        (replace(CALM, near=(replace(WROTE, new="work"),)), Kind.UNCLEAR),
        (replace(CALM, words=(ARP,)), Kind.ATTACK),
        (replace(CALM, words=(PROGRAM,)), Kind.ATTACK),
        (replace(CALM, words=(REPEATED,)), Kind.UNCLEAR),
        (replace(CALM, words=(REPEATED, ARP)), Kind.ATTACK),
        (replace(CALM, still=True), Kind.UNCLEAR),
        (replace(CALM, still=True, near=(WROTE,)), Kind.ATTACK),
        (replace(CALM, elsewhere=(WROTE,), since_deed_s=30.0), Kind.ATTACK),
        (replace(CALM, elsewhere=(WROTE,), since_deed_s=500.0), Kind.UNCLEAR),
        (replace(CALM, rise_s=86_400.0), Kind.WEAR),
        (replace(CALM, rise_s=86_400.0, hears=False), Kind.WEAR),
        (CALM, Kind.UNCLEAR),
        (replace(CALM, hears=False), Kind.UNCLEAR),
    ],
)
def test_facts_and_verdict(facts: Facts, kind: Kind) -> None:
    assert judged(facts).kind is kind


def test_each_rule_can_decide_and_says_what_would_settle_it() -> None:
    for rule in RULES:
        assert rule.line and rule.settle and "\n" not in rule.line
        assert ";" not in rule.line + rule.settle, "facts of a notice are parted by semicolons"
        assert 0 < rule.confidence < 1


def test_a_replay_with_a_write_is_surest_and_names_its_techniques() -> None:
    sure = judged(replace(CALM, near=(WROTE,), words=(REPEATED, ARP)))
    assert sure.confidence > judged(replace(CALM, near=(WROTE,))).confidence
    assert {"T0856", "T0836", "T0831"} <= set(sure.techniques)


def test_what_is_badly_founded_weighs_less() -> None:
    facts = replace(CALM, words=(PROGRAM,))
    weak = replace(facts, sure=0.1)
    assert judged(weak).confidence < judged(facts).confidence
    assert (severity_of(judged(facts), facts), severity_of(judged(weak), weak)) == ("high", "medium")
