"""The hotline over a data folder, its work done in a thread: what pages, API and commands ask of it."""

import io
import threading
import time
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fake_hotline import Fakes, open_fake_hotline

from assistant.hotline import Hotline
from knowledge.call import CallState, Channel, TranscriptSource
from knowledge.errors import BadInput, Fault, NotFound

DAY = datetime(2026, 11, 3, 8, tzinfo=UTC)
PHONE = "13800001234"


@pytest.fixture
def hotline(tmp_path: Path) -> Iterator[Hotline]:
    opened = open_fake_hotline(tmp_path, Fakes(), executor=lambda: ThreadPoolExecutor(1))
    yield opened
    opened.jobs.close()
    opened.store.engine.dispose()


def send(hotline: Hotline, text: str, name: str = "a.wav", **arrival: object) -> int:
    return hotline.receive(io.BytesIO(text.encode()), name, **arrival)[0].call_id  # type: ignore[arg-type]


def settle(hotline: Hotline) -> None:
    """Works until every call rests."""
    hotline.jobs.start()
    hotline.jobs.poke()
    until = time.monotonic() + 30
    while any(count for state, count in hotline.counts().items() if not state.resting):
        assert time.monotonic() < until, hotline.counts()
        time.sleep(0.01)


def test_the_same_recording_twice_is_one_call(hotline: Hotline, tmp_path: Path) -> None:
    first, new = hotline.receive(io.BytesIO(b"sound"), "../../a.wav", received_at=DAY, external_id="H-1", waiting_s=3)
    assert new
    assert first.recording is not None
    assert (first.recording.name, first.received_at, first.external_id, first.waiting_s) == ("a.wav", DAY, "H-1", 3)
    (tmp_path / "b.wav").write_bytes(b"sound")
    assert hotline.receive(tmp_path / "b.wav") == (first, False)
    assert len(hotline.calls()) == 1


def test_a_transcript_is_told_by_its_name(hotline: Hotline) -> None:
    call, new = hotline.receive(io.BytesIO("来电人：桥下积水".encode()), "来电.TXT")
    assert new
    assert call.recording is None
    assert hotline.receive(io.BytesIO("来电人：桥下积水".encode()), "again.txt")[1] is False
    settle(hotline)
    call = hotline.call(call.call_id)
    assert call.state is CallState.READY
    assert call.transcript is not None
    assert (call.transcript.source, call.transcript.text()) == (TranscriptSource.ATTACHED, "桥下积水")
    with pytest.raises(NotFound, match="has no recording"):
        hotline.audio(call.call_id)
    with pytest.raises(BadInput, match=r"a\.srt has no words"):
        hotline.receive(io.BytesIO(b"x"), "a.srt")


@pytest.mark.parametrize("name", ["nothing.wav", "."])
def test_files_that_cannot_be_read(hotline: Hotline, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        hotline.receive(tmp_path / name)


def test_a_recording_that_was_removed_is_a_plain_failure(hotline: Hotline) -> None:
    call_id = send(hotline, "积水")
    hotline.audio(call_id).path.unlink()
    other = send(hotline, "停电")
    settle(hotline)
    assert hotline.call(call_id).state is CallState.FAILED
    assert "restore it from a back-up" in hotline.call(call_id).reason
    assert hotline.call(other).state is CallState.READY


def test_two_hundred_at_once(hotline: Hotline) -> None:
    start = threading.Barrier(8)

    def some(part: int) -> None:
        start.wait()
        for number in range(part, 200, 8):
            send(hotline, f"第{number}个来电", f"{number}.wav")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(some, range(8)))
    settle(hotline)
    assert hotline.counts()[CallState.READY] == 200
    for call in hotline.calls(limit=500):
        assert (call.version, call.reason) == (1, "")


def test_a_folder_that_cannot_be_written_leaves_no_call(hotline: Hotline) -> None:
    kept = send(hotline, "积水")
    folder = hotline.intake.recordings.folder
    folder.joinpath("incoming").rmdir()
    folder.joinpath("incoming").write_text("in the way")
    with pytest.raises(Fault, match="cannot be written"):
        send(hotline, "停电")
    assert [call.call_id for call in hotline.calls()] == [kept]


def test_personal_data_are_masked_until_somebody_says_why(hotline: Hotline) -> None:
    call_id = send(hotline, f"电话{PHONE}急水", f"{PHONE}.wav")
    settle(hotline)
    for shown in (hotline.call(call_id), *hotline.calls(), hotline.call(hotline.calls()[0].call_id)):
        assert PHONE not in shown.model_dump_json()
    assert PHONE not in hotline.question(call_id)
    assert PHONE not in hotline.audio(call_id).name
    assert PHONE.encode() not in hotline.export(call_id, "txt")[0]
    assert PHONE not in str(hotline.versions(call_id))
    with pytest.raises(BadInput, match="a name and a reason"):
        hotline.reveal(call_id, actor="甲", reason="")
    revealed = hotline.reveal(call_id, actor="甲", reason="回访")
    assert revealed.transcript is not None
    assert PHONE in revealed.transcript.text()
    assert [(r.actor, r.reason) for r in hotline.reveals(call_id)] == [("甲", "回访")]


def test_correcting_a_masked_sentence_keeps_what_is_behind_the_mask(hotline: Hotline) -> None:
    call_id = send(hotline, f"电话{PHONE}急水")
    settle(hotline)
    assert hotline.correct(call_id, 0, "电话［电话］积水", author="甲", version=1) == 2
    kept = hotline.store.get(call_id)
    assert kept.transcript is not None
    assert kept.transcript.text() == f"电话{PHONE}积水"
    assert kept.state is CallState.UNDERSTANDING, "it is understood anew"
    settle(hotline)
    assert hotline.store.get(call_id).state is CallState.READY
    assert "积水" in hotline.call(call_id).reading
    with pytest.raises(BadInput, match="open it again"):
        hotline.correct(call_id, 0, "x", author="乙", version=1)
    assert [(v.version, v.author) for v in hotline.versions(call_id)] == [(1, "fake"), (2, "甲")]
    (pair,) = hotline.corrections()
    assert (pair.before, pair.after) == (f"电话{PHONE}急水", f"电话{PHONE}积水")


def test_labels(hotline: Hotline) -> None:
    call_id = send(hotline, "积水")
    settle(hotline)
    assert hotline.label(call_id, 0, Channel.CALLER, author="甲") == 2
    assert hotline.label(call_id, 0, Channel.CALLER, author="甲") == 2
    transcript = hotline.call(call_id).transcript
    assert transcript is not None
    assert transcript.segments[0].channel is Channel.CALLER
    with pytest.raises(BadInput, match="no sentence 5"):
        hotline.label(call_id, 5, Channel.CALLER, author="甲")


def test_find_and_replace_over_calls(hotline: Hotline) -> None:
    ids = [send(hotline, text, f"{n}.wav") for n, text in enumerate(("桥下急水", f"{PHONE}急水", "停电"))]
    settle(hotline)
    tried = hotline.replace_all("急水", "积水", author="甲", dry_run=True)
    assert (tried.calls, tried.sentences) == (2, 2)
    assert [(f.before, f.after) for f in tried.examples] == [
        (text, text.replace("急", "积")) for text in ("［电话］急水", "桥下急水")
    ]
    assert {hotline.call(i).version for i in ids} == {1}
    assert hotline.replace_all("急水", "积水", author="甲", call_ids=[ids[0], ids[2]]).calls == 1
    assert hotline.replace_all("急水", "积水", author="甲").calls == 1
    assert [hotline.call(i).version for i in ids] == [2, 2, 1]
    assert hotline.replace_all("急水", "积水", author="甲").calls == 0
    with pytest.raises(BadInput, match="say what to look for"):
        hotline.replace_all(" ", "x", author="甲")


def test_the_recording_and_its_shape(hotline: Hotline) -> None:
    call_id = send(hotline, "RIFF....WAVE")
    audio = hotline.audio(call_id)
    assert (audio.path.read_text(), audio.media_type, audio.name) == ("RIFF....WAVE", "audio/wav", "a.wav")
    shape = hotline.waveform(call_id)
    assert shape.seconds == 1.5
    assert shape.peaks.shape[0] == 1
    audio.path.write_bytes(audio.path.read_bytes() + b"more")
    assert hotline.waveform(call_id).peaks.tolist() == shape.peaks.tolist(), "it is drawn once"


def test_a_recording_that_browsers_do_not_play_is_made_one_that_they_do(hotline: Hotline) -> None:
    call_id = send(hotline, "#!AMR 积水", "a.amr")
    assert hotline.audio(call_id).media_type == "audio/amr", "as it is, until it has been decoded"
    settle(hotline)
    for _ in range(2):
        audio = hotline.audio(call_id)
        assert (audio.media_type, audio.name) == ("audio/wav", "a.amr.wav")
        with wave.open(str(audio.path)) as sound:
            assert sound.getnframes() == 24_000
    assert [p.suffix for p in sorted(audio.path.parent.iterdir())] == [".bin", ".wav"]


def test_questions(hotline: Hotline) -> None:
    call_id = send(hotline, f"桥下积水，{PHONE}")
    with pytest.raises(BadInput, match="no transcript yet"):
        hotline.question(call_id)
    with pytest.raises(BadInput, match="no transcript yet"):
        hotline.export(call_id, "srt")
    settle(hotline)
    assert hotline.question(call_id) == "桥下积水，［电话］"
    assert hotline.related(call_id) == ()


def test_statistics_and_joining(hotline: Hotline) -> None:
    ids = [send(hotline, text, received_at=DAY + timedelta(days=n)) for n, text in enumerate(("急，积水", "停电"))]
    settle(hotline)
    hotline.correct(ids[0], 0, "急，积水深", author="甲")
    settle(hotline)
    found = hotline.statistics()
    assert (found.calls, found.urgent, found.heard, found.uncorrected) == (2, 1, 2, 0.5)
    assert found.by_category == {"flood.underpass": 2}
    assert hotline.statistics(since=DAY + timedelta(days=1)).calls == 1
    assert hotline.join(ids) == ids[0]
    assert {call.matter_id for call in hotline.calls()} == {ids[0]}
    assert [call.call_id for call in hotline.calls()] == ids, "the urgent one is on top, though older"


def test_cancel_retry_attach(hotline: Hotline) -> None:
    call_id = send(hotline, "积水")
    hotline.cancel(call_id)
    settle(hotline)
    assert hotline.call(call_id).state is CallState.CANCELLED
    assert hotline.attach(call_id, "打字".encode(), "typed.txt", author="甲") == 1
    settle(hotline)
    assert hotline.call(call_id).state is CallState.READY
    with pytest.raises(BadInput, match="a text by a person"):
        hotline.retry(call_id)
    with pytest.raises(NotFound):
        hotline.attach(999, b"x", "a.txt", author="甲")
