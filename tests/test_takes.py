"""Takes: speech without its silences, never longer than the model bears, and every second placed back."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.call import Channel
from knowledge.takes import AROUND, LONGEST, Span, Take, cut_out, takes
from knowledge.transcriber import SAMPLE_RATE


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    """Spans in order, each at most LONGEST seconds."""
    found, at = [], draw(st.floats(0, 5))
    for _ in range(draw(st.integers(0, 20))):
        length = draw(st.floats(0.25, LONGEST))
        found.append((round(at, 3), round(at + length, 3)))
        at += length + draw(st.one_of(st.floats(0.001, 1), st.floats(1, 90)))
    return found


@given(spans())
def test_every_span_is_in_one_take_and_little_else(given_spans: list[Span]) -> None:
    made = takes(given_spans, Channel.MIXED)
    covered = sorted(stretch for take in made for stretch in take.stretches)
    for start, end in given_spans:
        assert any(a <= start and end <= b for a, b in covered)
    assert all(earlier[1] <= later[0] + 1e-6 for earlier, later in pairwise(covered))
    extra = sum(b - a for a, b in covered) - sum(b - a for a, b in given_spans)
    assert extra <= 2 * AROUND * len(given_spans) + 0.01


@given(spans())
def test_takes_are_filled_but_never_too_long(given_spans: list[Span]) -> None:
    made = takes(given_spans, Channel.CALLER)
    assert all(take.seconds <= LONGEST + 2 * AROUND + 0.01 for take in made)
    assert all(take.channel is Channel.CALLER for take in made)
    for earlier, later in pairwise(made):
        assert earlier.end <= later.start + 1e-6
        assert earlier.seconds + later.seconds > LONGEST / 2


@given(spans(), st.floats(0, 1))
def test_seconds_are_placed_back(given_spans: list[Span], share: float) -> None:
    for take in takes(given_spans, Channel.MIXED):
        at = share * take.seconds
        place = take.place(at)
        assert take.start <= place <= take.end
        assert any(start - 1e-3 <= place <= end + 1e-3 for start, end in take.stretches)
        before = sum(min(max(place - start, 0), end - start) for start, end in take.stretches)
        assert before == pytest.approx(at, abs=0.01)
        assert take.place(at, ending=True) <= place + 1e-6


@given(spans(), st.floats(0.5, 30))
def test_the_rest_is_what_comes_after(given_spans: list[Span], seconds: float) -> None:
    for take in takes(given_spans, Channel.MIXED):
        rest = take.after(seconds)
        if rest is None:
            assert seconds >= take.seconds - 0.01
        else:
            assert rest.seconds == pytest.approx(take.seconds - seconds, abs=0.01)
            assert rest.end == take.end


def test_joints_are_where_silence_was_left_out() -> None:
    take = Take(Channel.MIXED, ((10.0, 12.0), (40.0, 45.0), (50.0, 51.0)))
    assert take.joints == (2.0, 7.0)
    assert (take.start, take.end, take.seconds) == (10.0, 51.0, 8.0)


@pytest.mark.parametrize("block_s", [0.25, 1.0, 60.0])
def test_the_sound_of_each_take_is_cut_out(block_s: float) -> None:
    whole = np.stack([np.arange(20 * SAMPLE_RATE), -np.arange(20 * SAMPLE_RATE)]).astype(np.float32)
    size = round(block_s * SAMPLE_RATE)
    blocks = (whole[:, at : at + size] for at in range(0, whole.shape[1], size))
    wanted = [
        (Take(Channel.AGENT, ((1.0, 2.0), (8.0, 9.5))), 0),
        (Take(Channel.CALLER, ((2.5, 3.0),)), 1),
        (Take(Channel.MIXED, ((4.0, 5.0),)), -1),
        (Take(Channel.MIXED, ((19.0, 25.0),)), 0),
    ]
    found = list(cut_out(blocks, wanted))
    rate = SAMPLE_RATE
    assert found[0].tolist() == [*range(rate, 2 * rate), *range(8 * rate, round(9.5 * rate))]
    assert found[1].tolist() == [-sample for sample in range(round(2.5 * rate), 3 * rate)]
    assert set(found[2].tolist()) == {0.0}
    assert len(found[3]) == rate
    assert all(sound.dtype == np.float32 and sound.ndim == 1 for sound in found)


def test_takes_far_apart_keep_few_blocks() -> None:
    alive: list[int] = []

    def blocks() -> object:
        for number in range(100):
            alive.append(number)
            yield np.zeros((1, SAMPLE_RATE), np.float32)

    wanted = [(Take(Channel.MIXED, ((float(at), at + 0.5),)), 0) for at in range(0, 90, 30)]
    cutting = cut_out(blocks(), wanted)  # type: ignore[arg-type]
    next(cutting)
    assert len(alive) == 1
    next(cutting)
    assert len(alive) == 31
