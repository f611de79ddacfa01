"""Pace: the same files by both ways in processes of their own, and silence of a given share."""

from pathlib import Path

import numpy as np
import pytest
from small_whisper import random_checkpoint

from eval.pace import WAYS, Pace, measure_pace, with_silence, write_sound
from eval.speech import PARTS, Bench, _print_pace, main
from knowledge.audio import decode
from knowledge.demo.calls import read_demo_calls
from knowledge.transcriber import SAMPLE_RATE
from knowledge.voice import speech_spans


def test_a_third_is_silent(tmp_path: Path) -> None:
    call = read_demo_calls()[1]
    sound = with_silence(decode(call.path).mean(axis=0), 1 / 3, stretch_s=10.0)
    path = write_sound(tmp_path / "third.wav", [sound[:100], sound[100:]])
    back = decode(path)
    assert back.shape == (1, len(sound))
    spoken = sum(end - start for start, end in speech_spans(back[0]))
    assert spoken / (len(sound) / SAMPLE_RATE) == pytest.approx(2 / 3, abs=0.06)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_both_ways_are_measured(tmp_path: Path, way: str) -> None:
    checkpoint = random_checkpoint(tmp_path / "nonsense.pt")
    sound = decode(read_demo_calls()[1].path).mean(axis=0)[: 5 * SAMPLE_RATE]
    files = [write_sound(tmp_path / "call.wav", [sound])]
    found = measure_pace(way, checkpoint, files, threads=1, demo=True)
    assert found.sound_s == 5.0
    assert found.clock_s > 0 < found.processor_s
    assert 0.1 < found.peak_gb < 4
    assert found.characters > 0


def test_loops_are_measured_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint = tmp_path / "any.pt"
    checkpoint.write_bytes(b"")
    assert main(["--checkpoint", str(checkpoint), "loops"]) == 0
    assert "60 loops by seed" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "says"), [(["nothing"], "choose of errors"), ([], "is no file")])
def test_bad_arguments_are_named(
    tmp_path: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["--checkpoint", str(tmp_path / "none.pt"), *arguments])
    assert says in capsys.readouterr().err
    assert "errors" in PARTS


def test_silence_is_added_to_speech_only() -> None:
    speech = decode(read_demo_calls()[1].path).mean(axis=0)
    assert np.count_nonzero(with_silence(speech, 0.5)) <= len(speech)


def test_ratios_are_medians_of_pairs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    clocks = iter([1.0, 4.0, 2.0, 4.0, 1.0, 3.0])  # ours and whisper's by turns

    def measured(way: str, checkpoint: Path, files: list[Path], *, threads: int, demo: bool) -> Pace:
        seconds = next(clocks)
        return Pace(seconds, 2.0 if way == "ours" else 5.0, 10.0, 7, 0.5)

    monkeypatch.setattr("eval.speech.measure_pace", measured)
    checkpoint = Path("any.pt")
    _print_pace(Bench(checkpoint, True, 2, 1, 3, checkpoint), "calls", [checkpoint])
    ours, whisper = capsys.readouterr().out.splitlines()
    assert ours == "| calls | ours | 10 | 1.0 | 0.100 | 2.0 | 0.50 | 3.00 | 2.50 |"
    assert whisper == "| calls | whisper | 10 | 4.0 | 0.400 | 5.0 | 0.50 | 1.00 | 1.00 |"
