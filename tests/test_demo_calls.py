import re
from collections import Counter, defaultdict
from datetime import UTC, date, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.case import Case
from knowledge.demo.calls import DemoCall, read_demo_calls
from knowledge.demo.calls.build import main, speak
from knowledge.demo.calls.line import NOISES, RATE, band, noise, noise_level, write_opus
from knowledge.demo.calls.reading import numeral, passages
from knowledge.demo.calls.voice import Manner, Synthesiser
from knowledge.errors import BadInput
from knowledge.places import read_places
from knowledge.taxonomy import read_taxonomy
from knowledge.text import clean, language_of, simplify

CALLS = read_demo_calls()
CITY = timezone(timedelta(hours=8))
LONG_NUMBER = re.compile(r"\d{7,}[Xx]?")
PHONE = re.compile(r"1[3-9]\d{9}")
PLATE = re.compile(r"[\u4e00-\u9fff][A-Z][A-Z0-9]{5,6}(?![A-Z0-9])")
GIVEN_NAME = re.compile(
    r"姓([\u4e00-\u9fff])，\1[\u4e00-\u9fff]{1,2}|我叫\s?([A-Z\u4e00-\u9fff][\w ]+)|[Mm]y name is ([A-Z][\w ]+)"
)
each_call = pytest.mark.parametrize("call", CALLS, ids=lambda call: call.external_id)


def decode(path: Path) -> tuple[np.ndarray, int]:
    """Samples (channels, count) and their rate."""
    import av

    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
        return np.concatenate(frames, axis=1), container.streams.audio[0].rate


def loudness(channel: np.ndarray, rate: int, start: float, end: float) -> float:
    """Root mean square between two times in seconds."""
    return float(np.sqrt(np.mean(channel[round(start * rate) : round(end * rate)].astype(np.float64) ** 2)))


def matters() -> dict[str, list[DemoCall]]:
    found: dict[str, list[DemoCall]] = defaultdict(list)
    for call in CALLS:
        found[call.matter].append(call)
    found.pop("")
    return found


def test_counts() -> None:
    assert [call.external_id for call in CALLS] == [f"DH-{n:04d}" for n in range(1, 41)]
    assert Counter(call.language for call in CALLS) == {"zh": 31, "en": 7, "mixed": 2}
    assert {call.noise for call in CALLS} == set(NOISES)
    assert 15 <= sum(call.stereo for call in CALLS) <= 25


def test_languages_are_those_of_the_texts() -> None:
    for call in CALLS:
        assert language_of(call.text) == ("en" if call.language == "en" else "zh"), call.external_id
        latin = re.findall(r"[A-Za-z]{2,}", call.text)
        assert call.language == "en" or bool(latin) == (call.language == "mixed"), call.external_id


def test_three_weeks_and_all_hours() -> None:
    times = [call.received_at.astimezone(CITY) for call in CALLS]
    assert {call.received_at.tzinfo for call in CALLS} == {UTC}
    assert times == sorted(times)
    assert times[0].date() == date(2026, 10, 31)
    assert times[-1].date() == date(2026, 11, 20)
    assert {time.hour for time in times} == set(range(24))
    assert len({time.date() for time in times}) >= 18


def test_categories_and_places_are_known() -> None:
    taxonomy, gazetteer = read_taxonomy(), read_places()
    leaves = {category.id for category in taxonomy.categories if category.is_leaf}
    for call in CALLS:
        told, unclear = call.expected, "unclear" in call.lapses
        assert told.category in leaves or (unclear and not told.category), call.external_id
        if "place_not_asked" in call.lapses or unclear:
            assert (told.place, told.district) == ("", ""), call.external_id
            continue
        language = "en" if call.language == "en" else "zh"
        district = gazetteer.resolve_district(told.district)
        named = [p for p in gazetteer.places if p.name(language) == told.place and p.district == district]
        assert len(named) == 1, call.external_id
        assert told.district == gazetteer.district_name(district, language)
    assert 23 <= len({call.expected.category for call in CALLS} - {""}) <= 30


def test_calls_on_one_matter_agree_and_are_told_differently() -> None:
    groups = [calls for calls in matters().values() if len(calls) > 1]
    assert len(groups) >= 9
    for calls in groups:
        assert len(calls) <= 4
        assert len({call.expected.category for call in calls}) == 1
        gazetteer = read_places()
        assert len({found.place for call in calls for found in gazetteer.find(call.expected.place)}) == 1
        said = [turn.text for call in calls for turn in call.turns if turn.speaker == "caller"]
        assert len(set(said)) == len(said)


def test_what_resembles_a_demo_case_is_of_its_category(demo_cases: tuple[Case, ...]) -> None:
    cases = {case.external_id: case for case in demo_cases}
    resembling = [call for call in CALLS if call.resembles]
    assert len(resembling) >= 10
    for call in resembling:
        assert {cases[external_id].category for external_id in call.resembles} == {call.expected.category}


def test_dangers_lapses_and_severities() -> None:
    dangerous = [call for call in CALLS if call.expected.danger]
    assert {call.expected.category for call in dangerous} == {
        "utility.gas_leak",
        "road.collapse",
        "road.manhole",
        "safety.lift",
        "labour.wages",
    }
    assert all(call.expected.severity <= 3 for call in dangerous)
    assert {call.expected.severity for call in CALLS} == {2, 3, 4}
    assert Counter(lapse for call in CALLS for lapse in call.lapses) == {"place_not_asked": 4, "unclear": 2}


@each_call
def test_turns(call: DemoCall) -> None:
    assert 5 <= len(call.turns) <= 14
    assert call.turns[0].speaker == "agent"
    assert {turn.speaker for turn in call.turns} == {"agent", "caller"}
    assert call.agent_voice != call.caller_voice
    for turn in call.turns:
        assert clean(turn.text) == turn.text
        assert simplify(turn.text) == turn.text
        assert -0.5 <= turn.pause_s <= 2
        assert turn.pause_s > 0 or call.stereo  # an interruption needs a channel of its own


@each_call
def test_promise_stands_in_a_turn_of_the_agent(call: DemoCall) -> None:
    agent = [turn.text for turn in call.turns if turn.speaker == "agent"]
    assert bool(call.expected.promise) == ("unclear" not in call.lapses)
    assert any(call.expected.promise in text for text in agent)
    assert bool(call.expected.asked) == bool(call.expected.promise)


def test_personal_data_are_where_they_are_claimed_and_nowhere_else() -> None:
    assert sum(bool(call.personal) for call in CALLS) >= 12
    assert {personal.kind for call in CALLS for personal in call.personal} == {
        "name",
        "phone",
        "id_number",
        "address",
        "plate",
    }
    for call in CALLS:
        claimed = {personal.words for personal in call.personal}
        assert all(words in call.text for words in claimed), call.external_id
        found = [match.group() for shape in (LONG_NUMBER, PLATE) for match in shape.finditer(call.text)]
        assert set(found) <= claimed, call.external_id
        named = [match.group() for match in GIVEN_NAME.finditer(call.text)]
        assert all(any(words in name for words in claimed) for name in named), call.external_id


def test_personal_data_are_invented() -> None:
    for personal in (personal for call in CALLS for personal in call.personal):
        if personal.kind == "phone":
            assert re.fullmatch(r"13[89]0000(?:\d)\d{3}", personal.words)
        if personal.kind == "id_number":
            assert personal.words.startswith("99")  # no region has this number


@each_call
def test_recording_is_as_long_as_its_reference(call: DemoCall) -> None:
    samples, rate = decode(call.path)
    seconds = samples.shape[1] / rate
    assert len(samples) == (2 if call.stereo else 1)
    assert abs(seconds - 0.5 - max(segment.end for segment in call.segments)) <= 0.5
    assert 30 <= seconds <= 110
    assert [(s.speaker, s.text) for s in call.segments] == [(t.speaker, t.text) for t in call.turns]
    assert all(0 <= s.start < s.end for s in call.segments)
    starts = [segment.start for segment in call.segments]
    assert starts == sorted(starts)
    for segment in call.segments:  # speech stands where the reference says, and silence before it
        channel = samples[1 if call.stereo and segment.speaker == "caller" else 0]
        assert loudness(channel, rate, segment.start, segment.end) > 0.01
        if call.noise == "none" and call.stereo:
            before = loudness(channel, rate, segment.start - 0.25, segment.start - 0.05)
            assert loudness(channel, rate, segment.start, segment.end) > 20 * before


def test_all_together_is_small() -> None:
    assert sum(call.path.stat().st_size for call in CALLS) < 8_000_000


@pytest.mark.parametrize("number", [21, 22])
def test_a_call_is_spoken_the_same_again(number: int) -> None:
    call = CALLS[number]
    recording = speak(call)
    assert [(s.speaker, s.text) for s in recording.segments] == [(s.speaker, s.text) for s in call.segments]
    for now, then in zip(recording.segments, call.segments, strict=True):
        assert now.start == pytest.approx(then.start, abs=0.05)
        assert now.end == pytest.approx(then.end, abs=0.05)
    again = speak(call)
    assert again.segments == recording.segments
    assert np.array_equal(again.samples, recording.samples)


def test_build_writes_recordings_and_reference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["DH-0023", "--to", str(tmp_path)]) == 0
    built = {call.external_id: call for call in read_demo_calls(tmp_path)}
    assert built["DH-0023"].path.is_file()
    assert len(built["DH-0023"].segments) == len(built["DH-0023"].turns)
    assert built["DH-0001"].segments == ()


def test_build_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    assert main(["DH-9999", "--to", str(tmp_path)]) == 2
    assert not list(tmp_path.iterdir())
    with pytest.raises(SystemExit, match="2"):
        main(["DH-0001"])


@each_call
def test_every_turn_can_be_read_aloud(call: DemoCall) -> None:
    syllables = re.compile(r"(?:[a-z]+[1-5]|[,.!?])(?: (?:[a-z]+[1-5]|[,.!?]))*")
    for turn in call.turns:
        found = passages(turn.text, call.language)
        assert found
        for passage in found:
            wanted = syllables if passage.language == "zh" else re.compile(r"[A-Za-z0-9 ,.!?'-]+")
            assert wanted.fullmatch(passage.words), passage
            assert not PHONE.search(passage.words)


def test_numbers_are_read_as_people_say_them() -> None:
    def read(text: str) -> str:
        return " ".join(passage.words for passage in passages(text, "zh"))

    assert read("等2个人") == "deng3 liang3 ge4 ren2"
    assert read("2号楼") == "er4 hao4 lou2"
    assert read("住1603") == "zhu4 yao1 liu4 ling2 san1"
    assert read("101室") == "yao1 ling2 yao1 shi4"
    assert read("打110") == "da3 yao1 yao1 ling2"
    assert read("0.5米") == "ling2 dian3 wu3 mi3"


def test_what_the_voice_cannot_say_is_named() -> None:
    with pytest.raises(BadInput, match="xiong1"):
        passages("胸口闷", "zh")


@given(st.integers(0, 99_999_999))
def test_a_numeral_is_the_number(number: int) -> None:
    digits, units = "零一二三四五六七八九", {"十": 10, "百": 100, "千": 1_000}

    def below(said: str) -> int:
        total, digit = 0, 1 if said.startswith("十") else 0
        for character in said:
            if character in units:
                total += digit * units[character]
                digit = 0
            else:
                digit = digits.index("二" if character == "两" else character)
        return total + digit

    high, found, low = numeral(number).rpartition("万")
    assert (below(high) if found else 0) * 10_000 + below(low) == number
    assert "零零" not in numeral(number)


def test_band_keeps_speech_and_drops_the_rest() -> None:
    seconds = np.arange(22_050) / 22_050

    def power(frequency: float) -> float:
        tone = np.sin(2 * np.pi * frequency * seconds).astype(np.float32)
        return float(np.mean(band(tone, 22_050)[1_000:-1_000] ** 2))

    assert power(1_000) == pytest.approx(0.5, rel=0.02)
    assert power(80) < 1e-3
    assert power(3_900) < 0.05


@pytest.mark.parametrize("kind", [kind for kind in NOISES if kind != "none"])
def test_noise_has_the_strength_it_is_asked_for(kind: str) -> None:
    made = noise(kind, 5 * RATE, np.random.default_rng(1))
    assert np.mean(made**2) == pytest.approx(1, rel=1e-3)
    assert np.array_equal(made, noise(kind, 5 * RATE, np.random.default_rng(1)))
    loudest, softest = NOISES[kind]
    assert 10 ** (-softest / 20) <= noise_level(kind, np.random.default_rng(2)) <= 10 ** (-loudest / 20)


def test_no_noise_and_unknown_noise() -> None:
    random = np.random.default_rng(1)
    assert not noise("none", 100, random).any()
    assert noise_level("none", random) == 0
    with pytest.raises(BadInput, match="thunder"):
        noise("thunder", 100, random)


def test_opus_keeps_length_and_channels(tmp_path: Path) -> None:
    tone = np.sin(2 * np.pi * 500 * np.arange(2 * RATE) / RATE).astype(np.float32) * 0.5
    write_opus(tmp_path / "a.opus", np.stack([tone, 0 * tone]), bit_rate=24_000)
    samples, rate = decode(tmp_path / "a.opus")
    assert samples.shape[1] / rate == pytest.approx(2, abs=0.1)
    left, right = np.sqrt(np.mean(samples**2, axis=1))
    assert left == pytest.approx(0.5 / np.sqrt(2), rel=0.1)
    assert right < 0.01
    write_opus(tmp_path / "b.opus", np.stack([tone, 0 * tone]), bit_rate=24_000)
    assert (tmp_path / "a.opus").read_bytes() == (tmp_path / "b.opus").read_bytes()


def test_unknown_voice_is_named() -> None:
    with pytest.raises(BadInput, match="nobody"):
        Synthesiser().say("hello", "en", manner=Manner("nobody", 180, 50))
