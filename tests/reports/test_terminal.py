"""The summary in the terminal: short, worst first, and not to be fooled by names."""

from __future__ import annotations

import io

import factory
import pytest
from factory import HOSTILE, called
from hypothesis import given, settings, strategies as st
from rich.console import Console, RenderableType

from linewarden.plant.diff import diff
from linewarden.plant.model import Plant
from linewarden.reports.terminal import diff_summary, plant_summary


def shown(renderable: RenderableType, width: int = 100, **options: object) -> str:
    out = io.StringIO()
    Console(file=out, width=width, **options).print(renderable)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 100, 120])
@pytest.mark.parametrize("make", [factory.bottling, factory.works, factory.site, Plant])
def test_it_fits(make: object, width: int) -> None:
    lines = shown(plant_summary(make()), width).splitlines()  # type: ignore[operator]
    assert len(lines) <= 46
    assert all(len(line) <= width for line in lines)


def test_it_leads_with_the_tap_then_the_worst(bottling: Plant) -> None:
    text = shown(plant_summary(bottling))
    order = ["The tap needs work", "Critical", "Levels", "Device ", "Next"]
    places = [text.index(word) for word in order]
    assert places == sorted(places)
    assert text.count("One direction is missing") == 1


def test_a_long_list_says_how_many_more() -> None:
    assert "and 1,990 more: see the report" in shown(plant_summary(factory.site()))


def test_weight_is_said_in_words_and_no_color_is_honoured(bottling: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text = shown(plant_summary(bottling), force_terminal=True)
    assert "Critical" in text and "\x1b[31m" not in text and "\x1b[1;31m" not in text


@settings(max_examples=40, deadline=None)
@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40)))
def test_no_name_reaches_the_terminal_as_a_command(text: str) -> None:
    out = shown(plant_summary(called(text)), 100)
    assert "\x1b" not in out and "\x07" not in out and "\u202e" not in out


def test_what_looks_like_markup_is_shown_as_it_is() -> None:
    assert "[bold]x[/]" in shown(plant_summary(called("[bold]x[/]")))


def test_the_diff_leads_with_what_is_new() -> None:
    text = shown(diff_summary(diff(factory.bottling(), factory.works())))
    assert "new devices" in text.splitlines()[0].lower()
    assert "more: see the report" in text
    assert "Nothing has changed" in shown(diff_summary(diff(factory.bottling(), factory.bottling())))
