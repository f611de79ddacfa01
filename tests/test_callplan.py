from datetime import UTC, datetime

import pytest
from fake_transcriber import fake_hear, fake_probe, open_fake

from assistant.callplan import CallPlan, Model
from assistant.callworker import Opening
from knowledge.call import Call, CallState, Recording, Transcript, TranscriptSource

REAL, DEMO = Model(Opening(open_fake, ("real",))), Model(Opening(open_fake, ("demo",)), demo=True)
TEXT = Transcript(segments=(), language="zh", source=TranscriptSource.REFERENCE)
NONE = "no model: fetch one"


def call(*, demo: bool = False, demo_model: bool = False, sound: bool = True) -> Call:
    recording = Recording(sha256="a" * 64, name="a.wav", size=1) if sound else None
    now = datetime(2026, 11, 3, tzinfo=UTC)
    return Call(
        call_id=1, state=CallState.DECODING, received_at=now, recording=recording, demo=demo, demo_model=demo_model
    )


@pytest.mark.parametrize(
    ("model", "asked", "name", "reference", "reason"),
    [
        (REAL, call(), "real", False, ""),
        (REAL, call(demo=True), "real", False, ""),
        (DEMO, call(demo=True), "", True, ""),
        (DEMO, call(demo=True, demo_model=True), "demo", False, ""),
        (DEMO, call(demo_model=True), "demo", False, ""),
        (DEMO, call(), "", False, "only the demonstration model"),
        (NONE, call(), "", False, NONE),
        (NONE, call(demo_model=True), "", False, NONE),
        (NONE, call(demo=True), "", True, ""),
        (REAL, call(sound=False), "", False, "has no recording"),
    ],
)
def test_the_order(model: Model | str, asked: Call, name: str, reference: bool, reason: str) -> None:
    plan = CallPlan(lambda: model, fake_hear, fake_probe, lambda sha256: TEXT if sha256 == "a" * 64 else None)(asked)
    assert (plan.opening().name if plan.opening else "") == name
    assert (plan.transcript is TEXT) == reference
    assert reason in plan.reason
    assert bool(plan.reason) == bool(reason)


def test_a_demo_call_without_its_text_waits() -> None:
    plan = CallPlan(lambda: NONE, fake_hear, fake_probe)
    assert plan(call(demo=True)).reason == NONE
    assert (plan.model(), plan.prompt()) == (NONE, "")
