"""Readings: heard again where it goes in circles, a second time where unsure, on where the model stopped; never more
than the bounds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from knowledge.call import Channel
from knowledge.readings import AGAIN, AT_ONCE_S, LAST, SECOND_SHARE, Reader, Reading
from knowledge.takes import Take
from knowledge.transcriber import SAMPLE_RATE, Heard, Sound, Transcriber

LOOP = "明天会下雨，" * 9


@dataclass
class Scripted:
    """Says for each sound, told by its first sample, what the script says at that temperature; the seconds are those
    of the sound that it was given."""

    script: dict[int, dict[float, list[Heard]]]
    languages: dict[int, tuple[str, float]] = field(default_factory=dict)
    asked: list[tuple[int, float, str, str]] = field(default_factory=list)
    name: str = "scripted"
    demo: bool = False

    def language(self, window: Sound) -> tuple[str, float]:
        return self.languages.get(round(float(window[0])), ("zh", 0.99))

    def hear(self, window: Sound, *, language: str, prompt: str = "", temperature: float = 0.0) -> Iterable[Heard]:
        number = round(float(window[0]))
        self.asked.append((number, temperature, language, prompt))
        said = self.script[number]
        return [replace(piece, temperature=temperature) for piece in said.get(temperature, said[0.0])]


class Batched(Scripted):
    """The same, several at once."""

    def hear_all(
        self, windows: Sequence[Sound], *, language: str, prompt: str = "", temperature: float = 0.0
    ) -> list[list[Heard]]:
        return [
            list(self.hear(window, language=language, prompt=prompt, temperature=temperature)) for window in windows
        ]


def said(text: str, *, log: float = -0.1, start: float = 0.0, end: float = 10.0) -> Heard:
    return Heard(start, end, text, log, 0.0, 1.0, 0.0)


def take(number: int, seconds: float = 10.0) -> tuple[Take, Sound]:
    sound = np.full(round(seconds * SAMPLE_RATE), number, np.float32)
    return Take(Channel.MIXED, ((100.0 * number, 100.0 * number + seconds),)), sound


def read(transcriber: Transcriber, *chosen: tuple[Take, Sound], language: str = "zh") -> list[Reading]:
    return [reading for readings in Reader(transcriber, language, "云州")(chosen) for reading in readings]


@pytest.mark.parametrize("kind", [Scripted, Batched])
def test_a_sure_reading_is_heard_once(kind: type[Scripted]) -> None:
    transcriber = kind({1: {0.0: [said("水管漏了")]}, 2: {0.0: [said("没有人来")]}})
    found = read(transcriber, take(1), take(2))
    assert [reading.pieces[0].heard.text for reading in found] == ["水管漏了", "没有人来"]
    assert [piece.marks for reading in found for piece in reading.pieces] == [(), ()]
    assert transcriber.asked == [(1, 0.0, "zh", "云州"), (2, 0.0, "zh", "云州")]


def test_a_loop_is_heard_again_until_it_is_none() -> None:
    for second, last in ((said("明天会下雨", log=-0.3), False), (said(LOOP), True)):
        transcriber = Scripted({1: {0.0: [said(LOOP)], AGAIN: [second], LAST: [said("明天会下雨", log=-0.3)]}})
        (reading,) = read(transcriber, take(1))
        assert reading.pieces[0].heard.text == "明天会下雨"
        assert reading.pieces[0].marks == ("two readings",) * (reading.pieces[0].confidence < 0.3)
        assert [temperature for _, temperature, _, _ in transcriber.asked] == [0.0, AGAIN, LAST][: 2 + last]


def test_a_loop_that_stays_is_marked_and_hardly_believed() -> None:
    transcriber = Scripted({1: {0.0: [said(LOOP)]}})
    (reading,) = read(transcriber, take(1))
    assert "loop" in reading.pieces[0].marks
    assert reading.pieces[0].confidence <= 0.3
    assert [temperature for _, temperature, _, _ in transcriber.asked] == [0.0, AGAIN, LAST]


def test_an_unlikely_reading_gives_way_to_a_likelier_one() -> None:
    transcriber = Scripted({1: {0.0: [said("水管楼了", log=-1.4)], AGAIN: [said("水管漏了", log=-0.4)]}})
    (reading,) = read(transcriber, take(1))
    assert reading.pieces[0].heard.text == "水管漏了"


def test_an_unsure_reading_is_compared_with_a_second() -> None:
    for second, lower in (("水管漏了没有人来", False), ("明天不下雨", True)):
        transcriber = Scripted({1: {0.0: [said("水管漏了，没有人来", log=-0.6)], AGAIN: [said(second)]}})
        (reading,) = read(transcriber, take(1))
        piece = reading.pieces[0]
        assert piece.heard.text == "水管漏了，没有人来"
        assert (piece.confidence < 0.55) is lower
        assert ("two readings" in piece.marks) is lower


def test_second_readings_are_bounded() -> None:
    count = 30
    transcriber = Scripted({number: {0.0: [said("水管漏了", log=-0.6)]} for number in range(1, count + 1)})
    read(transcriber, *(take(number) for number in range(1, count + 1)))
    second = [number for number, temperature, _, _ in transcriber.asked if temperature == AGAIN]
    assert 0 < len(second) <= SECOND_SHARE * count + 1


def test_second_readings_go_where_they_decide_most() -> None:
    logs = (-0.9, -0.3, -0.45, -0.1, -0.7, -0.1, -0.1, -0.1)  # the third is nearest to the bound
    transcriber = Scripted({number: {0.0: [said("水管漏了", log=log)]} for number, log in enumerate(logs, start=1)})
    read(transcriber, *(take(number) for number in range(1, len(logs) + 1)))
    assert [number for number, temperature, _, _ in transcriber.asked if temperature == AGAIN] == [3]


def test_what_is_doubted_and_what_is_unsure_is_heard_again_in_one_go() -> None:
    script = {
        1: {0.0: [said(LOOP)], AGAIN: [said("明天会下雨")]},
        2: {0.0: [said("没有人来")]},
        3: {0.0: [said("水管漏了", log=-0.6)]},
    }
    calls: list[tuple[int, float]] = []

    class Counted(Batched):
        def hear_all(
            self, windows: Sequence[Sound], *, language: str, prompt: str = "", temperature: float = 0.0
        ) -> list[list[Heard]]:
            calls.append((len(windows), temperature))
            return super().hear_all(windows, language=language, prompt=prompt, temperature=temperature)

    found = read(Counted(script), take(1), take(2), take(3))
    assert calls == [(3, 0.0), (2, AGAIN)]
    assert [reading.pieces[0].heard.text for reading in found] == ["明天会下雨", "没有人来", "水管漏了"]


def test_few_seconds_are_heard_at_once() -> None:
    count = 40
    transcriber = Scripted({number: {0.0: [said("水管漏了")]} for number in range(1, count + 1)})
    batches = list(Reader(transcriber, "zh")(take(number) for number in range(1, count + 1)))
    assert [len(batch) for batch in batches] == [20, 20]
    assert AT_ONCE_S == 200.0
    assert [reading.take.start for batch in batches for reading in batch] == [100.0 * n for n in range(1, count + 1)]


def test_what_is_left_unheard_is_heard_on() -> None:
    whole, sound = take(1, 20.0)
    sound[round(8.0 * SAMPLE_RATE) :] = 2
    transcriber = Scripted({1: {0.0: [said("第一句", end=8.0)]}, 2: {0.0: [said("第二句", end=12.0)]}})
    first, second = read(transcriber, (whole, sound))
    assert (first.pieces[0].heard.text, second.pieces[0].heard.text) == ("第一句", "第二句")
    assert second.take.stretches == ((108.0, 120.0),)


def test_a_model_that_does_not_come_on_is_left() -> None:
    transcriber = Scripted({1: {0.0: [said("嗯", end=0.2)]}})
    assert len(read(transcriber, take(1))) == 1
    steps = Scripted({1: {0.0: [said("嗯", end=2.0)]}})
    assert len(read(steps, take(1))) == 5


def test_nothing_heard_is_no_text() -> None:
    (reading,) = read(Scripted({1: {0.0: []}}), take(1))
    assert reading.pieces == ()


def test_another_language_only_where_it_is_clear() -> None:
    script = {number: {0.0: [said("hello")]} for number in range(1, 6)}
    languages = {1: ("zh", 0.9), 2: ("en", 0.97), 3: ("en", 0.6), 4: ("ja", 0.99), 5: ("en", 0.99)}
    transcriber = Batched(script, languages)
    found = read(transcriber, *(take(n) for n in range(1, 5)), take(5, 1.0))
    assert {reading.take.start / 100: reading.language for reading in found} == {
        1: "zh",
        2: "en",
        3: "zh",
        4: "zh",
        5: "zh",
    }
    assert {(number, language) for number, _, language, _ in transcriber.asked} == {
        (1, "zh"),
        (2, "en"),
        (3, "zh"),
        (4, "zh"),
        (5, "zh"),
    }
