"""Few requests, each tag whole in exactly one, nothing that was refused."""

from __future__ import annotations

from hypothesis import given, strategies as st

from linewarden.collectors._polling.blocks import Block, Limits, Refused, Span, plan

SPACE = 400
spans_of = st.lists(st.tuples(st.integers(0, SPACE - 1), st.integers(1, 20)), min_size=1, max_size=40).map(
    lambda found: [Span(start, count, key) for key, (start, count) in enumerate(found)]
)
limits_of = st.builds(Limits, most=st.integers(20, 125), hole=st.integers(0, 40))


def fewest(spans: list[Span], limits: Limits) -> int:
    """By trying every way to divide the spans in order."""
    ordered = sorted(spans, key=lambda s: (s.start, s.count, s.key))
    best = [0] + [len(ordered) + 1] * len(ordered)
    for last in range(len(ordered)):
        for first in range(last, -1, -1):
            part, end, fits = ordered[first : last + 1], ordered[first].end, True
            for span in part[1:]:
                fits &= span.start - end <= limits.hole
                end = max(end, span.end)
            if fits and end - part[0].start <= limits.most:
                best[last + 1] = min(best[last + 1], best[first] + 1)
    return best[-1]


@given(spans_of, limits_of)
def test_a_plan_has_each_tag_once_whole_and_within_the_limits(spans: list[Span], limits: Limits) -> None:
    blocks = plan(spans, limits)
    assert sorted(s.key for b in blocks for s in b.spans) == [s.key for s in spans]
    for block in blocks:
        assert 1 <= block.count <= limits.most
        assert block.start == min(s.start for s in block.spans)
        assert block.start + block.count == max(s.end for s in block.spans)
        wanted = {at for s in block.spans for at in range(s.start, s.end)}
        unwanted = "".join("." if at in wanted else "x" for at in range(block.start, block.start + block.count))
        assert max(map(len, unwanted.split("."))) <= limits.hole


@given(spans_of, limits_of)
def test_no_plan_has_fewer_requests(spans: list[Span], limits: Limits) -> None:
    assert len(plan(spans, limits)) == fewest(spans, limits)


@given(spans_of, limits_of, st.lists(st.tuples(st.integers(0, SPACE + 20), st.integers(1, 30)), max_size=6))
def test_every_device_is_read_in_full_after_few_refusals(
    spans: list[Span], limits: Limits, missing: list[tuple[int, int]]
) -> None:
    """A device refuses what touches a register it has not: in the end all tags that it has are read, and no other."""
    lacking = {at for start, count in missing for at in range(start, start + count)}
    refused = Refused()

    def refuses(block: Block) -> bool:
        return any(at in lacking for at in range(block.start, block.start + block.count))

    for _ in range(3 * len(spans) + 1):
        bad = [b for b in plan(spans, limits, refused) if refuses(b)]
        if not bad:
            break
        for block in bad:
            refused.learn(block)
    blocks = plan(spans, limits, refused)
    assert not any(map(refuses, blocks))
    read = {s.key for b in blocks for s in b.spans}
    for span in spans:
        if any(at in lacking for at in range(span.start, span.end)):
            assert span.key not in read
        elif not any(o is not span and o.start < span.end and span.start < o.end for o in spans):
            assert span.key in read  # of tags that overlap, one may take the other with it


def test_a_plant_of_neighbours_takes_one_request() -> None:
    spans = [Span(at * 2, 2, at) for at in range(62)]
    assert [(b.start, b.count) for b in plan(spans, Limits(125, 0))] == [(0, 124)]
    assert [(b.start, b.count) for b in plan([*spans, Span(124, 2, 99)], Limits(125, 0))] == [(0, 124), (124, 2)]


def test_a_refused_hole_is_not_read_across_again_but_others_are() -> None:
    spans, refused = [Span(0, 2, 0), Span(10, 2, 1), Span(14, 2, 2)], Refused()
    (whole,) = plan(spans, Limits(125, 16), refused)
    assert refused.learn(whole) == "hole"
    assert [(b.start, b.count) for b in plan(spans, Limits(125, 16), refused)] == [(0, 2), (10, 6)]


def test_a_device_full_of_holes_is_read_in_full_after_a_few_rounds() -> None:
    """2000 tags of two registers, each twelve from the next, of a device that has nothing between."""
    spans = [Span(at * 12, 2, at) for at in range(2000)]
    refused, rounds = Refused(), 0
    while any(b.count > 2 for b in plan(spans, Limits(125, 16), refused)):
        rounds += 1
        for block in plan(spans, Limits(125, 16), refused):
            if block.count > 2:
                refused.learn(block)
    assert rounds <= 5
    assert refused.gone == set()
