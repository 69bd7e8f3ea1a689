"""Why a device is what it is: each sentence can be taken apart again, whatever devices call themselves."""

from __future__ import annotations

from hypothesis import given, strategies as st

from linewarden.plant import role_rules as rules
from linewarden.plant.role_reasons import SENTENCES, taken_apart
from linewarden.plant.roles import Facts, judge
from linewarden.plant.vocabulary import ENGINEERING

NAMES = st.text(min_size=1, max_size=20) | st.sampled_from(["plc-1", "{name}", "a says b", "HMI 2", "100 %"])
IDS = st.sets(st.sampled_from(["a", "b", "c", "d", "e"]))
FACTS = st.builds(
    Facts,
    hints=st.sets(st.tuples(st.sampled_from(sorted(rules.HINTS)), st.sampled_from(["lldp", "pn_dcp"]))),
    said=st.dictionaries(NAMES | st.sampled_from(["SIMATIC WinCC", "PowerFlex 525"]), st.sampled_from(["s7comm"])),
    names=st.sets(NAMES),
    vendors=st.sets(st.sampled_from(["Siemens", "Hewlett Packard", "Cisco {vendor}"])),
    serves=st.sets(st.sampled_from([name for name, _, _ in rules.SERVES])),
    uses=st.sets(st.sampled_from([name for name, _, _ in rules.USES])),
    polls=IDS, asked_by=IDS, verbs=st.sets(st.sampled_from(sorted(ENGINEERING))), behind=st.integers(0, 4),
    clients=st.integers(0, 9), virtual_router=st.booleans(),
)  # fmt: skip


@given(FACTS)
def test_each_reason_is_one_of_the_sentences(facts: Facts) -> None:
    for reason in judge(facts).reasons:
        found = taken_apart(reason)
        assert found is not None, reason
        assert found[0] in SENTENCES
        assert found[0].format(**found[1]) == reason


def test_the_sentence_that_says_most_is_the_one() -> None:
    for sentence in SENTENCES:
        values = {"who": "LLDP", "kind": "plc", "text": "'x'", "name": "'x'", "vendor": "V", "what": "Modbus",
                  "number": "4", "readers": "2"}  # fmt: skip
        found = taken_apart(sentence.format(**values))
        assert found is not None
        assert found[0] == sentence


def test_what_a_person_wrote_is_none_of_them() -> None:
    assert taken_apart("Anna, 2026-11-23") is None
    assert taken_apart("") is None
