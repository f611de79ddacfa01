import json
import re

import pytest

from assistant.callmask import CallMask
from knowledge.call import Call, CallState, Recording, Segment, Transcript, TranscriptSource, Word
from knowledge.privacy import mask_all

PHONE, OTHER = "13800001234", "13900005678"
MASK = CallMask(mask_all)


def transcript(*texts: str) -> Transcript:
    words = (Word(start=0, end=1, text="x", confidence=1),)
    segments = tuple(Segment(start=i, end=i + 1, text=t, heard=t, words=words) for i, t in enumerate(texts))
    return Transcript(segments=segments, language="zh", source=TranscriptSource.MACHINE)


def test_nothing_personal_is_left_anywhere() -> None:
    call = Call(
        call_id=1,
        state=CallState.READY,
        received_at="2026-11-03T08:00:00Z",  # type: ignore[arg-type]
        recording=Recording(sha256="0" * 64, name=f"{PHONE}_20261103.wav", size=1),
        transcript=transcript(f"我的电话{PHONE}", "桥下积水"),
        reading=json.dumps({"asked": {"text": f"请打{PHONE}\n或{OTHER}", "start": 1.5}, "moods": [], "at": None}),
    )
    masked = MASK.call(call)
    assert not re.search("13[89]0000", masked.model_dump_json())
    assert masked.transcript is not None
    assert masked.transcript.segments[0].words == ()
    assert masked.transcript.segments[1] == call.transcript.segments[1] if call.transcript else False
    reading = json.loads(masked.reading)
    assert reading["asked"]["start"] == 1.5
    assert reading["asked"]["text"].count("\n") == 1
    assert MASK.call(masked) == masked


def test_a_call_without_anything_personal_stays_as_it_is() -> None:
    call = Call(call_id=1, state=CallState.READY, received_at="2026-11-03T08:00:00Z", transcript=transcript("积水"))  # type: ignore[arg-type]
    assert MASK.call(call) == call


@pytest.mark.parametrize(
    ("original", "edited", "restored"),
    [
        (f"电话{PHONE}急水", "电话［电话］积水", f"电话{PHONE}积水"),
        (f"打{PHONE}或{OTHER}", "可打［电话］，或者［电话］", f"可打{PHONE}，或者{OTHER}"),
        (f"打{PHONE}或{OTHER}", "打［电话］", f"打{PHONE}"),
        (f"打{PHONE}", "打［电话］或［电话］", f"打{PHONE}或［电话］"),
        (f"打{PHONE}", "打12345", "打12345"),
        ("没有［电话］", "没有［电话］的", "没有［电话］的"),
    ],
)
def test_masks_that_still_stand_mean_what_they_meant(original: str, edited: str, restored: str) -> None:
    assert MASK.restored(edited, transcript("您好", original), 1) == restored


def test_what_is_not_changed_comes_back_whole() -> None:
    texts = ("我叫王小明，住3栋2单元501，电话13800001234。", "My name is Daniel Whitlow, room 301, call 13800001234")
    known = transcript(*texts)
    masked = MASK.transcript(known)
    for index, text in enumerate(texts):
        shown = masked.segments[index].text
        assert shown != text
        assert MASK.restored(shown, known, index) == text


def test_moments_of_a_reading_are_fields_and_no_telephone_numbers() -> None:
    reading = '{"deadline": "2026-11-03T08:00:00.138000Z", "asked": "请打%s"}' % PHONE  # noqa: UP031
    call = Call(
        call_id=1, state=CallState.READY, received_at="2026-11-03T08:00:00Z", transcript=transcript("积水"),  # type: ignore[arg-type]
        reading=reading,
    )  # fmt: skip
    shown = MASK.call(call).reading
    assert "2026-11-03T08:00:00.138000Z" in shown
    assert PHONE not in shown
