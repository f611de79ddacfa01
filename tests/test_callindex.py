from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.noise import homophones
from eval.samematter import Shelf
from knowledge.call import Call, CallState, Channel, Segment, Transcript, TranscriptSource
from knowledge.callindex import CallIndex, CallTexts
from knowledge.case import CaseStatus
from knowledge.lexicon import read_lexicon
from knowledge.meaning import read_meaning
from knowledge.places import read_places
from knowledge.taxonomy import read_taxonomy

PLACES = read_places()
MEANING = read_meaning(read_lexicon(read_taxonomy()))
TEXTS = CallTexts(PLACES)
SAID = (
    "凤台立交桥下积水半米，车过不去",
    "铁路新村8号楼暖气不热，老人受冻",
    "悦湖湾三期工地半夜还在施工，睡不着",
    "小区门口的路灯不亮",
)


def _call(call_id: int, *texts: str, confidence: float = 1.0, state: CallState = CallState.READY) -> Call:
    segments = tuple(
        Segment(start=n, end=n + 1, text=text, confidence=confidence, channel=Channel.CALLER)
        for n, text in enumerate(texts)
    )
    return Call(
        call_id=call_id,
        state=state,
        received_at=datetime(2026, 11, call_id, tzinfo=UTC),
        transcript=Transcript(segments=segments, language="zh", source=TranscriptSource.MACHINE),
        version=1,
    )


def _index(*calls: Call, folder: Path | None = None) -> CallIndex:
    index = CallIndex(PLACES, MEANING, folder)
    index.sync(Shelf({call.call_id: call for call in calls}))
    return index


CALLS = tuple(_call(number, text) for number, text in enumerate(SAID, 1))


def test_what_is_indexed_is_masked_and_holds_the_callers_words() -> None:
    segments = (
        Segment(start=0, end=1, text="您好，12345热线，请讲。", channel=Channel.AGENT),
        Segment(start=1, end=2, text="我叫赵大勇，铁路新村8号楼暖气不热", channel=Channel.CALLER),
    )
    call = _call(1)
    assert call.transcript is not None
    call = call.model_copy(update={"transcript": call.transcript.model_copy(update={"segments": segments})})
    text = TEXTS.read(call)
    assert text.clear == "我叫［姓名］，铁路新村8号楼暖气不热"
    assert text.places == {"beiping.railway_new_village"}
    assert text.districts == {"beiping"}
    assert text.houses == {"8"}
    assert len(text.lines) == 2
    assert TEXTS.case(call).place == "铁路新村"


def test_doubtful_words_stand_apart() -> None:
    segments = (
        Segment(start=0, end=1, text="暖气不热", channel=Channel.CALLER),
        Segment(start=1, end=2, text="柳湖路", confidence=0.2, channel=Channel.CALLER),
        Segment(start=2, end=3, text="风台力交桥", confidence=0.4, channel=Channel.CALLER),
    )
    call = _call(1)
    assert call.transcript is not None
    call = call.model_copy(update={"transcript": call.transcript.model_copy(update={"segments": segments})})
    text, case = TEXTS.read(call), TEXTS.case(call)
    assert (text.clear, text.doubtful) == ("暖气不热", "柳湖路\n风台力交桥")
    assert abs(text.confidence - 0.3) < 1e-9
    assert text.places == {"wangjiang.fengtai_interchange"}
    assert text.addresses == {"柳湖路"}
    assert (case.situation, case.lessons) == ("暖气不热", "柳湖路\n风台力交桥")


def test_only_ready_calls_with_words_are_found() -> None:
    assert TEXTS.case(_call(1, "停水", state=CallState.FAILED)).status is CaseStatus.RETIRED
    assert TEXTS.case(_call(1)).status is CaseStatus.RETIRED
    index = _index(*CALLS, _call(9, "停水", state=CallState.WAITING))
    assert index.count() == len(CALLS)


def test_words_and_sounds_find_a_call() -> None:
    index = _index(*CALLS)
    assert 1 in index.candidates("立交桥积水", 1)
    noisy = homophones(SAID * 20)
    for number, text in enumerate(SAID, 1):
        assert number in index.candidates(noisy(text, 1.0, 3), 2)


def test_a_doubtful_question_weighs_less_in_words_and_not_in_sound() -> None:
    index = _index(*CALLS)
    sure = index.compare(TEXTS.read(_call(5, SAID[0])), [1])
    unsure = index.compare(TEXTS.read(_call(5, SAID[0], confidence=0.4)), [1])
    assert np.isclose(unsure["whole"][0], 0.4 * sure["whole"][0])
    assert unsure["sound"][0] == sure["sound"][0]
    assert unsure["meaning"][0] == sure["meaning"][0]


def test_doubtful_calls_in_the_index_weigh_less() -> None:
    index = _index(_call(1, SAID[0]), _call(2, SAID[0], confidence=0.3), *CALLS[2:])
    parts = index.compare(TEXTS.plain(SAID[0]), [1, 2])
    assert parts["matter"][0] > parts["matter"][1]
    assert np.isclose(parts["sound"][0], parts["sound"][1])


def test_syncing_twice_changes_nothing_and_a_restart_keeps_all(tmp_path: Path) -> None:
    shelf = Shelf({call.call_id: call for call in CALLS})
    index = CallIndex(PLACES, MEANING, tmp_path)
    assert index.sync(shelf) == len(CALLS)
    assert index.sync(shelf) == 0
    index.save()
    again = CallIndex(PLACES, MEANING, tmp_path)
    assert again.applied() == 1
    assert again.sync(shelf) == 0
    assert again.count() == len(CALLS)
    assert again.compare(TEXTS.plain(SAID[0]), [1])["whole"][0] > 0.5


def test_a_lost_part_is_built_anew(tmp_path: Path) -> None:
    shelf = Shelf({call.call_id: call for call in CALLS})
    CallIndex(PLACES, MEANING, tmp_path).sync(shelf)  # never saved: the profiles are gone
    again = CallIndex(PLACES, MEANING, tmp_path)
    assert again.applied() == 0
    assert again.sync(shelf) == len(CALLS)
    assert again.count() == len(CALLS)
    assert again.compare(TEXTS.plain(SAID[1]), [2])["whole"][0] > 0.5


def test_changes_are_all_read_however_many() -> None:
    class Counted(Shelf):
        def changed_since(self, change: int, limit: int = 1_000) -> list[Call]:
            return list(super().changed_since(change, min(limit, 1_000)))

    many = {number: CALLS[number % 4].model_copy(update={"call_id": number}) for number in range(1, 1_000)}
    index = CallIndex(PLACES, MEANING)
    assert index.sync(Counted(many)) == len(many)
    assert index.count() == len(many)


@settings(max_examples=30)
@given(st.lists(st.text(max_size=20), max_size=4))
def test_any_call_becomes_a_case(texts: list[str]) -> None:
    call = _call(1, *texts)
    case = TEXTS.case(call)
    assert case.situation
    assert replace(TEXTS.read(call)) == TEXTS.read(call)
