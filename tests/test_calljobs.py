"""The supervisor with real worker processes: every call ends in a plain state, whatever happens to the others."""

import io
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_hotline import NO_MODEL, Fakes, open_fake_hotline
from fake_transcriber import open_fake

from assistant.callplan import Model
from assistant.callworker import Opening
from assistant.democalls import DemoCalls
from assistant.hotline import Hotline
from knowledge.audio import probe
from knowledge.call import Call, CallState, Channel, TranscriptSource
from knowledge.hearing import NOBODY, hear

LONG = 30.0  # seconds; processes start slowly on a busy machine


@pytest.fixture
def fakes() -> Fakes:
    return Fakes()


@pytest.fixture
def hotline(tmp_path: Path, fakes: Fakes) -> Iterator[Hotline]:
    opened = open_fake_hotline(tmp_path, fakes)
    yield opened
    opened.jobs.close()
    opened.store.engine.dispose()


def send(hotline: Hotline, *lines: str) -> int:
    return hotline.receive(io.BytesIO("\n".join(lines).encode()), "call.wav")[0].call_id


def wait_for(hotline: Hotline, call_id: int, wanted: Callable[[Call], bool] | CallState) -> Call:
    until = time.monotonic() + LONG
    while time.monotonic() < until:
        call = hotline.store.get(call_id)
        if call.state == wanted if isinstance(wanted, CallState) else wanted(call):
            return call
        time.sleep(0.02)
    pytest.fail(f"call {call_id} is {call.state} ({call.reason})")


def test_a_recording_becomes_a_ready_call(hotline: Hotline) -> None:
    call_id = send(hotline, "桥下积水，急", "seconds 3")
    assert hotline.call(call_id).state is CallState.RECEIVED
    hotline.jobs.start()
    call = wait_for(hotline, call_id, CallState.READY)
    assert call.transcript is not None
    assert call.transcript.text() == "桥下积水，急"
    assert (call.transcript.source, call.transcript.model) == (TranscriptSource.MACHINE, "fake")
    assert (call.version, call.progress_s, call.reason) == (1, 3, "")
    assert call.urgent
    assert "桥下积水" in call.reading
    assert call.recording is not None
    assert (call.recording.duration_s, call.recording.sample_rate) == (3, 8_000)


def test_progress_is_seen_and_a_cancelled_call_stops(hotline: Hotline) -> None:
    first, second = send(hotline, "很长", "seconds 300"), send(hotline, "很短")
    hotline.jobs.start()
    call = wait_for(hotline, first, lambda call: call.progress_s > 0)
    assert call.state is CallState.TRANSCRIBING
    assert hotline.call(second).state is CallState.RECEIVED, "one worker hears one call"
    hotline.cancel(first)
    wait_for(hotline, second, CallState.READY)
    call = hotline.store.get(first)
    assert (call.state, call.version) == (CallState.CANCELLED, 0)


def test_bad_ones_end_in_a_plain_state_and_the_others_go_on(hotline: Hotline) -> None:
    bad, bug = send(hotline, "坏", "bad"), send(hotline, "错", "bug")
    nonsense, good = send(hotline, "妄"), send(hotline, "好")
    hotline.jobs.start()
    assert wait_for(hotline, bad, CallState.FAILED).reason == "the recording holds no sound; record it again"
    assert "ZeroDivisionError" in wait_for(hotline, bug, CallState.FAILED).reason
    ready = wait_for(hotline, nonsense, CallState.READY)
    assert "could not be understood" in ready.reason
    assert ready.version == 1
    assert wait_for(hotline, good, CallState.READY).reason == ""


def test_a_worker_that_dies_costs_its_call_a_try_and_nobody_else_anything(hotline: Hotline, tmp_path: Path) -> None:
    dies, recovers = send(hotline, "死", "die"), send(hotline, "活", f"die once {tmp_path / 'died'}")
    good = send(hotline, "好")
    hotline.jobs.start()
    failed = wait_for(hotline, dies, CallState.FAILED)
    assert "ended three times on this recording" in failed.reason
    assert wait_for(hotline, recovers, CallState.READY).version == 1
    assert wait_for(hotline, good, CallState.READY).version == 1
    assert (tmp_path / "died").exists()


def test_a_model_that_cannot_be_loaded(hotline: Hotline, fakes: Fakes) -> None:
    fakes.model = Model(Opening(open_fake, ("broken",)))
    call_id = send(hotline, "积水")
    hotline.jobs.start()
    assert "broken.pt cannot be loaded" in wait_for(hotline, call_id, CallState.FAILED).reason
    fakes.model = Model(Opening(open_fake, ("whole",)))
    hotline.retry(call_id)
    call = wait_for(hotline, call_id, CallState.READY)
    assert call.transcript is not None
    assert call.transcript.model == "whole"


def test_without_a_model_a_call_waits_and_goes_on_when_one_appears(hotline: Hotline, fakes: Fakes) -> None:
    fakes.model = NO_MODEL
    first, second = send(hotline, "积水"), send(hotline, "停电")
    hotline.jobs.start()
    assert wait_for(hotline, first, CallState.WAITING).reason == hotline.model() == NO_MODEL
    wait_for(hotline, second, CallState.WAITING)
    hotline.attach(second, "打字的内容".encode(), "typed.txt", author="坐席")
    typed = wait_for(hotline, second, CallState.READY)
    assert typed.transcript is not None
    assert (typed.transcript.text(), typed.transcript.source) == ("打字的内容", TranscriptSource.ATTACHED)
    assert hotline.call(first).state is CallState.WAITING
    fakes.model = Model(Opening(open_fake))
    assert wait_for(hotline, first, CallState.READY).reason == ""
    assert hotline.store.get(second).version == 1, "a text by a person is not heard again"


def test_the_demo_model_is_never_used_silently(hotline: Hotline, fakes: Fakes) -> None:
    fakes.model = Model(Opening(open_fake, ("demo",)), demo=True)
    real, other = send(hotline, "积水"), send(hotline, "停电")
    hotline.jobs.start()
    for call_id in (real, other):
        assert "only the demonstration model" in wait_for(hotline, call_id, CallState.WAITING).reason
    hotline.try_demo(real)
    call = wait_for(hotline, real, CallState.READY)
    assert call.demo_model
    assert call.transcript is not None
    assert call.transcript.model == "demo"
    time.sleep(0.5)  # it has looked for a model again
    assert hotline.call(other).state is CallState.WAITING


def test_demo_calls_without_a_model_show_the_reference(tmp_path: Path, fakes: Fakes) -> None:
    demo = DemoCalls()
    fakes.model = NO_MODEL
    hotline = open_fake_hotline(tmp_path, fakes, demo=demo)
    try:
        known = demo.calls[0]
        call, new = hotline.receive(known.path, "renamed.opus")
        assert new
        assert (call.demo, call.external_id, call.received_at) == (True, "DH-0001", known.received_at)
        assert call.waiting_s == known.waiting_s
        hotline.jobs.start()
        ready = wait_for(hotline, call.call_id, CallState.READY)
        assert ready.transcript is not None
        assert ready.transcript.source is TranscriptSource.REFERENCE
        assert {s.text for s in ready.transcript.segments} == {turn.text for turn in known.turns}
    finally:
        hotline.jobs.close()
        hotline.store.engine.dispose()


def test_a_real_recording_goes_all_the_way_with_the_transcriber_alone_being_a_fake(tmp_path: Path) -> None:
    demo = DemoCalls()
    hotline = open_fake_hotline(tmp_path, demo=demo, hear=hear, probe=probe)
    try:
        silence = io.BytesIO(_wave_of(2.0))
        spoken = hotline.receive(demo.calls[0].path)[0].call_id
        silent = hotline.receive(silence, "silence.wav")[0].call_id
        text = hotline.receive(io.BytesIO(b"this is a text"), "renamed.wav")[0].call_id
        hotline.jobs.start()
        ready = wait_for(hotline, spoken, CallState.READY)
        assert ready.recording is not None
        assert (ready.recording.channels, ready.recording.codec) == (2, "opus")
        assert ready.transcript is not None
        assert (ready.transcript.model, ready.transcript.source) == ("fake", TranscriptSource.MACHINE)
        assert {s.channel for s in ready.transcript.segments} == {Channel.AGENT, Channel.CALLER}
        assert ready.progress_s == pytest.approx(ready.recording.duration_s, abs=0.5)
        nobody = wait_for(hotline, silent, CallState.READY)
        assert nobody.transcript is not None
        assert (nobody.transcript.segments, nobody.transcript.notes) == ((), (NOBODY,))
        assert wait_for(hotline, text, CallState.FAILED).reason
    finally:
        hotline.jobs.close()
        hotline.store.engine.dispose()


def test_closing_leaves_no_process_and_gives_the_call_back(tmp_path: Path) -> None:
    import multiprocessing

    hotline = open_fake_hotline(tmp_path)
    call_id = send(hotline, "很长", "seconds 300")
    hotline.jobs.start()
    wait_for(hotline, call_id, lambda call: call.progress_s > 0)
    assert len(multiprocessing.active_children()) == 1
    began = time.monotonic()
    hotline.jobs.close()
    assert time.monotonic() - began < 10
    assert multiprocessing.active_children() == []
    assert hotline.call(call_id).state is CallState.RECEIVED
    assert hotline.queue.claim("elsewhere/1/0/1") is not None
    hotline.store.engine.dispose()


def test_without_a_model_what_is_no_recording_fails_at_once(hotline: Hotline, tmp_path: Path) -> None:
    """Nobody should wait for a model to learn that the file was none."""
    fakes = Fakes(NO_MODEL)
    folder = tmp_path / "plain"
    folder.mkdir()
    plain = open_fake_hotline(folder, fakes, probe=probe)
    try:
        text = plain.receive(io.BytesIO(b"this is a letter"), "letter.wav")[0].call_id
        silent = plain.receive(io.BytesIO(_wave_of(1.0)), "silent.wav")[0].call_id
        plain.jobs.start()
        assert "not a recording" in wait_for(plain, text, CallState.FAILED).reason
        waiting = wait_for(plain, silent, CallState.WAITING)
        assert waiting.reason == NO_MODEL
        assert waiting.recording is not None
        assert waiting.recording.duration_s == pytest.approx(1.0, abs=0.05)
    finally:
        plain.jobs.close()
        plain.store.engine.dispose()


def _wave_of(seconds: float) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8_000)
        out.writeframes(bytes(int(16_000 * seconds)))
    return stream.getvalue()
