from hypothesis import given
from hypothesis import strategies as st

from knowledge.call import Channel
from knowledge.demo.calls import read_demo_calls
from knowledge.speakers import guess_speakers
from knowledge.text import sentences


def test_turns_of_the_demo_calls() -> None:
    right = total = 0
    for call in read_demo_calls():
        guessed = guess_speakers([turn.text for turn in call.turns])
        right += sum(side.value == turn.speaker for side, turn in zip(guessed, call.turns, strict=True))
        total += len(call.turns)
    print(f"{right} of {total} turns")
    assert right / total >= 0.95


def test_sentences_with_their_pauses() -> None:
    right = total = 0
    for call in read_demo_calls():
        told = [(turn, place, text) for turn in call.turns for place, text in enumerate(sentences(turn.text))]
        pauses = [turn.pause_s if place == 0 else 0.1 for turn, place, _ in told]
        guessed = guess_speakers([text for _, _, text in told], pauses)
        right += sum(side.value == turn.speaker for side, (turn, _, _) in zip(guessed, told, strict=True))
        total += len(told)
    print(f"{right} of {total} sentences")
    assert right / total >= 0.9


def test_without_a_pause_the_speaker_stays() -> None:
    told = ["您好，12345热线，请讲。", "嗯。"]
    assert guess_speakers(told, [0.0, 0.0]) == (Channel.AGENT, Channel.AGENT)
    assert guess_speakers(told, [0.0, 1.0]) == (Channel.AGENT, Channel.CALLER)


@given(st.lists(st.text(max_size=20), max_size=8))
def test_every_text_has_one_of_the_two(texts: list[str]) -> None:
    guessed = guess_speakers(texts)
    assert len(guessed) == len(texts)
    assert set(guessed) <= {Channel.AGENT, Channel.CALLER}
