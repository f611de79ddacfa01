"""The measured calls themselves, and that the measurements run."""

from collections.abc import Sequence

import pytest

from eval.calls import Heard, demo_calls, held_out_calls, without_speakers
from eval.calls import main as measure_calls
from eval.noise import homophones
from eval.samematter import all_shelf, demo_shelf, misheard
from knowledge.call import Channel
from knowledge.taxonomy import read_taxonomy


def test_the_held_out_calls() -> None:
    calls = held_out_calls()
    leaves = {category.id for category in read_taxonomy().categories if category.is_leaf} | {""}
    assert len(calls) == 36
    assert len({heard.name for heard in calls}) == 36
    for heard in calls:
        assert heard.call.transcript is not None
        agent = [s.text for s in heard.call.transcript.segments if s.channel is Channel.AGENT]
        assert heard.expected["category"] in leaves, heard.name
        assert any(heard.expected["promise"] in text for text in agent), heard.name
    assert not _callers(calls) & _callers(demo_calls())


def _callers(calls: Sequence[Heard]) -> set[str]:
    return {
        segment.text
        for heard in calls
        if heard.call.transcript
        for segment in heard.call.transcript.segments
        if segment.channel is Channel.CALLER and len(segment.text) > 6
    }


def test_shelves_and_groups() -> None:
    shelf, matters = demo_shelf()
    everything, wanted = all_shelf()
    assert len(everything.calls) == 76
    assert set(shelf.calls) < set(everything.calls)
    assert len(wanted) == 24
    assert all(number in wanted[other] for number, others in wanted.items() for other in others)
    assert len(matters) == 38


def test_misheard_and_mono() -> None:
    call = held_out_calls()[0].call
    assert call.transcript is not None
    noisy = homophones([call.transcript.text()] * 5 + ["电店殿淀" * 20])
    heard = misheard(call, noisy, 0.3, 1, marked=True)
    assert heard.transcript is not None
    assert heard.transcript.text() != call.transcript.text()
    assert all(segment.doubtful for segment in heard.transcript.segments)
    mono = without_speakers(call).transcript
    assert mono is not None
    assert {segment.channel for segment in mono.segments} == {Channel.MIXED}


def test_what_is_read_of_calls(capsys: pytest.CaptureFixture[str]) -> None:
    assert measure_calls(["--set", "held-out"]) == 0
    lines = [line.split("|") for line in capsys.readouterr().out.splitlines() if "|" in line]
    rows = {line[1].strip(): line[2].strip() for line in lines}
    assert float(rows["danger"]) >= 0.94
    assert float(rows["place"]) >= 0.9
    assert float(rows["promise"]) >= 0.9
    assert float(rows["category"]) >= 0.7
