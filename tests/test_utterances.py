"""Texts that are compared: numbers, script and marks are made the same, errors counted by characters or words."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.utterances import Errors, clips, demo_sentences, errors, plain


@pytest.mark.parametrize(
    ("reference", "heard", "language", "wrong", "units"),
    [
        ("水管漏了", "水管漏了。", "zh", 0, 4),
        ("水管漏了", "水管，坏了啊", "zh", 2, 4),
        ("打12345热线", "打一二三四五热线", "zh", 0, 8),
        ("住在一百二十三号", "住在123号", "zh", 0, 6),
        ("積水", "积水", "zh", 0, 2),
        ("IT WAS THE FIRST", "It was first.", "en", 1, 4),
        ("水", "", "zh", 1, 1),
        ("", "谢谢", "zh", 2, 0),
    ],
)
def test_errors(reference: str, heard: str, language: str, wrong: int, units: int) -> None:
    assert errors(reference, heard, language) == Errors(wrong, units)


@given(st.text(alphabet="水管漏了一二三十百，。 a1", max_size=15), st.text(alphabet="水管漏了一二，。a1", max_size=15))
def test_errors_are_a_distance(one: str, other: str) -> None:
    there, back = errors(one, other, "zh"), errors(other, one, "zh")
    assert there.wrong == back.wrong <= max(len(plain(one, "zh")), len(plain(other, "zh")))
    assert errors(one, one, "zh").wrong == 0
    assert (there + back).units == there.units + back.units


def test_the_rate_of_nothing_is_not_divided_by_nothing() -> None:
    assert Errors(3, 0).rate == 3
    assert Errors(1, 4).rate == 0.25


def test_clips_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "refs.tsv").write_text("file\tlang\ttext\na.wav\tzh\t水\nb.wav\ten\twater\n", encoding="utf-8")
    (tmp_path / "b.wav").write_bytes(b"")
    (clip,) = clips(tmp_path / "refs.tsv")
    assert (clip.path, clip.language, clip.text) == (tmp_path / "b.wav", "en", "water")


def test_both_languages_are_spoken_in_the_demo() -> None:
    assert len(demo_sentences("zh")) > len(demo_sentences("en")) > 20
