"""The bundled demonstration model, as people meet it: a demo call shows the text it was spoken from, is heard by the
model when somebody wants that, and a real recording waits until somebody does."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from sounds import RATE, noise, write

from assistant.callplan import Model
from assistant.hotline import Hotline
from assistant.wiring import open_workplace
from eval.utterances import errors
from knowledge.call import Call, CallState, TranscriptSource
from knowledge.demo.calls import read_demo_calls

SPOKEN = read_demo_calls()[0]


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        workplace = open_workplace(tmp_path_factory.mktemp("home"))
        workplace.hotline.jobs.start()
        yield workplace.hotline
        workplace.hotline.jobs.close()
        workplace.engine.dispose()


def _wait(hotline: Hotline, call_id: int, wanted: Callable[[Call], bool]) -> Call:
    until = time.monotonic() + 240
    while time.monotonic() < until:
        call = hotline.call(call_id)
        if wanted(call):
            return call
        time.sleep(0.1)
    pytest.fail(f"call {call_id} is {hotline.call(call_id)}")


def test_only_the_demonstration_model_is_at_hand(hotline: Hotline) -> None:
    model = hotline.model()
    assert isinstance(model, Model)
    assert model.demo


@pytest.mark.slow
def test_a_demo_call_is_heard_when_somebody_wants_it(hotline: Hotline) -> None:
    call_id = hotline.receive(SPOKEN.path)[0].call_id
    ready = _wait(hotline, call_id, lambda call: call.state is CallState.READY)
    assert ready.transcript is not None
    assert ready.transcript.source is TranscriptSource.REFERENCE
    hotline.try_demo(call_id)
    heard = _wait(hotline, call_id, lambda call: call.state is CallState.READY and call.version == 2)
    assert heard.transcript is not None
    assert (heard.transcript.source, heard.progress_s > 30) == (TranscriptSource.MACHINE, True)
    reference = " ".join(segment.text for segment in SPOKEN.segments)
    assert errors(reference, heard.transcript.text(), "zh").rate < 0.5
    assert heard.reading


@pytest.mark.slow
def test_a_real_recording_waits_until_somebody_lets_the_model_try(hotline: Hotline, tmp_path: Path) -> None:
    sound = write(tmp_path / "real.wav", np.concatenate([noise(1.0), np.zeros(RATE, np.float32)]))
    call_id = hotline.receive(sound)[0].call_id
    waiting = _wait(hotline, call_id, lambda call: call.state is CallState.WAITING)
    assert "only the demonstration model" in waiting.reason
    hotline.try_demo(call_id)
    tried = _wait(hotline, call_id, lambda call: call.state is CallState.READY)
    assert tried.transcript is not None
    assert tried.transcript.segments == ()


def test_what_callers_said_stands_beside_the_precedents_of_an_answer(tmp_path: Path) -> None:
    spoken = next(call for call in read_demo_calls() if call.external_id == "DH-0002")  # a building site at night
    workplace = open_workplace(tmp_path / "home")
    assert workplace.desk.ask("工地半夜还在打桩，吵得睡不着").calls == ()
    call_id = workplace.hotline.receive(spoken.path)[0].call_id
    workplace.hotline.jobs.start()
    try:
        _wait(workplace.hotline, call_id, lambda call: call.state is CallState.READY)
        (found,) = workplace.desk.ask("工地半夜还在打桩，吵得睡不着").calls
        transcript = workplace.hotline.call(call_id).transcript
        assert transcript is not None
        assert found.call_id == call_id
        assert found.sentence in transcript.segments[found.segment].text
        assert transcript.segments[found.segment].start <= found.start <= transcript.segments[found.segment].end
        assert workplace.desk.ask("野猪跑进了菜地").calls == (), "what no caller spoke of has no evidence"
    finally:
        workplace.hotline.jobs.close()
        workplace.engine.dispose()
