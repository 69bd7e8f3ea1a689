"""The file itself: whole, self-contained, and proof against what devices call themselves."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import factory
import pytest
from factory import HOSTILE, called
from hypothesis import HealthCheck, given, settings, strategies as st

from linewarden.plant.diff import diff
from linewarden.plant.model import Plant
from linewarden.reports.html import render_diff, render_plant

AT = factory.START + 3 * factory.HOUR
names = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(), max_size=60))


class Reader(HTMLParser):
    """Tags with their attributes, and the text inside script and style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline: dict[str, list[str]] = {"script": [], "style": []}
        self.words: list[str] = []
        self._in = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in = tag
        if tag in self.inline:
            self.inline[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in in self.inline:
            self.inline[self._in][-1] += data
        else:
            self.words.append(data)


def shape(html: str) -> list[tuple[str, frozenset[str]]]:
    """Tags and the names of their attributes: what markup there is, whatever it says."""
    return [(tag, frozenset(attrs)) for tag, attrs in Reader(html).tags]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(names)
def test_no_name_adds_markup(text: str) -> None:
    html = render_plant(called(text), AT, "0.1.0", text)
    html.encode("utf-8")
    allowed = {tag for tag, _ in shape(render_plant(called("plc"), AT, "0.1.0", "a.pcap"))}
    assert {tag for tag, _ in shape(html)} <= allowed | {"small", "ul", "li", "details", "summary"}
    for tag, attrs in Reader(html).tags:
        assert not any(key.startswith("on") for key in attrs), (tag, attrs)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]", html)


@pytest.mark.parametrize("text", HOSTILE)
def test_the_data_block_stays_json_and_is_closed_by_us(text: str) -> None:
    read = Reader(render_plant(called(text), AT, "0.1.0", "a.pcap"))
    assert len(read.inline["script"]) == 2
    data = json.loads(read.inline["script"][0])
    assert len(data["assets"]) == 2
    assert "<" not in read.inline["script"][0]


@pytest.mark.parametrize("which", ["plant", "diff", "empty"])
def test_nothing_is_fetched_from_outside(which: str) -> None:
    a, b = factory.bottling(), factory.works()
    html = {
        "plant": lambda: render_plant(a, AT, "0.1.0", "a.pcap"),
        "diff": lambda: render_diff(diff(a, b), AT, "0.1.0", "a.pcap, b.pcap"),
        "empty": lambda: render_plant(Plant(), AT, "0.1.0", ""),
    }[which]()
    read = Reader(html)
    for tag, attrs in read.tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form[action]", "image", "video"}
        assert "src" not in attrs and "srcset" not in attrs and "style" not in attrs and "action" not in attrs
        for key in ("href", "xlink:href"):
            assert (attrs.get(key) or "#").startswith("#"), attrs
    assert "http://" not in html and "https://" not in html
    css = "".join(read.inline["style"])
    assert "@import" not in css and "url(" not in css
    assert not re.search(r"\beval\(|new Function|innerHTML|document\.write|fetch\(|XMLHttpRequest", html)


def test_the_policy_allows_only_what_is_inlined(bottling_html: str) -> None:
    read = Reader(bottling_html)
    policy = next(
        a["content"] for t, a in read.tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in policy
    for name, text in (("style-src", read.inline["style"][0]), ("script-src", read.inline["script"][1])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[name] == f"'sha256-{digest}'"


def test_the_same_plant_gives_the_same_file(bottling: Plant, bottling_html: str) -> None:
    assert render_plant(bottling, AT, "0.1.0", "line-a.pcapng") == bottling_html


def test_every_device_address_and_packet_is_readable_without_a_script(bottling: Plant, bottling_html: str) -> None:
    text = " ".join(Reader(bottling_html).words)
    for asset in bottling.assets:
        assert asset.name in text
        assert all(ip in text for ip in asset.ips)
    assert "line-a.pcapng, frame 4,711" in text
    assert "2026-03-04 05:00:00 UTC" in text
    assert "10.20.1.77" in text, "a name in the file that was not seen"


def test_the_tap_comes_before_the_exposures_and_the_map(bottling_html: str) -> None:
    order = [bottling_html.index(f'id="{part}"') for part in ("tap", "exposures", "map", "writers", "asset-table")]
    assert order == sorted(order)


def test_an_empty_plant_says_what_to_do() -> None:
    text = " ".join(Reader(render_plant(Plant(), AT, "0.1.0", "a.pcap")).words)
    assert "No device was seen" in text and "record again" in text


def test_a_site_of_2000_devices_is_a_file_that_opens(site_html: str) -> None:
    assert len(site_html) < 8_000_000
    assert site_html.count('<tr id="asset-') == 2000


def test_the_diff_says_what_changed_and_shows_the_packet() -> None:
    a, b = factory.bottling(), factory.works()
    text = " ".join(Reader(render_diff(diff(a, b), AT, "0.1.0", "a, b")).words)
    assert "New devices" in text and "L1 PLC 2" in text and "line-a.pcapng, frame" in text
    same = " ".join(Reader(render_diff(diff(a, a), AT, "0.1.0", "a, a")).words)
    assert "Nothing has changed" in same
