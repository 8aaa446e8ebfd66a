import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.spans import BadSpanError, Span, check, resolve
from schemas.entities import LABELS

SPANS = st.lists(
    st.builds(
        lambda begin, length, label, score: Span(begin, begin + length, label, score),
        st.integers(0, 40),
        st.integers(1, 20),
        st.sampled_from(LABELS),
        st.sampled_from([0.5, 0.9, 1.0]),
    ),
    max_size=12,
)


def characters(spans):
    return {i for s in spans for i in range(s.begin, s.end)}


@given(SPANS)
def test_no_character_is_lost_and_nothing_overlaps(spans):
    text = "x" * 60
    resolved = resolve(spans, text)
    assert characters(resolved) == characters(spans)
    assert resolved == sorted(resolved)
    assert all(one.end <= other.begin for one, other in itertools.pairwise(resolved))


def test_the_better_span_keeps_its_extent():
    text = "Klinik Berlin Mitte"
    spans = [Span(0, 13, "HOSPITAL", 0.5), Span(7, 19, "CITY", 0.9)]
    assert resolve(spans, text) == [Span(0, 7, "HOSPITAL", 0.5), Span(7, 19, "CITY", 0.9)]


def test_spans_of_one_label_become_one():
    assert resolve([Span(0, 5, "PERSON", 0.5), Span(3, 9, "PERSON", 0.9)], "x" * 9) == [Span(0, 9, "PERSON", 0.9)]


def test_many_overlapping_spans_cost_no_more():
    spans = [Span(0, 200_000, "PERSON", 0.5), *(Span(i, i + 3, "EMAIL", 0.9) for i in range(0, 199_000, 4))]
    assert len(resolve(spans, "x" * 200_000)) == 2 * len(spans) - 2


def test_what_has_no_letter_is_dropped():
    assert resolve([Span(0, 3, "DATE"), Span(4, 5, "ID")], " - 7a") == [Span(4, 5, "ID")]


@pytest.mark.parametrize("span", [Span(-1, 2, "DATE"), Span(2, 2, "DATE"), Span(3, 9, "DATE"), Span(0, 1, "NAME")])
def test_a_bad_span_is_told(span):
    with pytest.raises(BadSpanError):
        check([span], 5)
