"""The commands about calls: what they print, their exit codes, and the watched folder."""

import io
import json
import os
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fake_hotline import Fakes, open_fake_hotline

from assistant.hotline import Hotline
from assistant.wiring import open_workplace
from knowledge.call import CallState
from knowledge.demo.calls import FOLDER
from ui.command import main
from ui.hear import Watch

PRECEDENT = Path(sys.executable).parent / "precedent"


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main([str(a) for a in arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def as_json(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    code, out, err = run(capsys, *arguments, "--json")
    assert code == 0, err
    return dict(json.loads(out))


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "来电.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(bytes(16_000))
    return path


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No weights but what the test names, whatever lies in the cache of this machine."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "settings.toml").write_text('speech_model = "/nowhere/model.pt"', encoding="utf-8")


def test_demo_calls_are_imported_read_and_known_again(capsys: pytest.CaptureFixture[str], no_model: None) -> None:
    calls = [FOLDER / f"DH-000{number}.opus" for number in (1, 8)]
    report = as_json(capsys, "import", "--kind", "calls", *calls)
    assert (report["read"], report["added"], report["errors"], report["states"]) == (2, 2, [], {"ready": 2})
    assert as_json(capsys, "import", "--kind", "calls", *calls)["skipped"] == 2
    hotline = open_workplace().hotline
    call = hotline.calls(limit=1)[0]
    assert (call.external_id, call.urgent) == ("DH-0008", True), "danger is on top"
    assert json.loads(call.reading)["situation"]["category"]["value"] == "road.manhole"
    assert hotline.question(call.call_id)
    assert isinstance(hotline.related(call.call_id), tuple)
    assert hotline.statistics().by_district
    hotline.store.engine.dispose()


def test_a_real_recording_waits_without_a_model(
    capsys: pytest.CaptureFixture[str], no_model: None, recording: Path
) -> None:
    report = as_json(capsys, "import", "--kind", "calls", recording)
    assert report["states"] == {"waiting": 1}
    hotline = open_workplace().hotline
    (call,) = hotline.calls()
    assert "/nowhere/model.pt is not there" in call.reason
    hotline.store.engine.dispose()


def test_import_without_waiting_and_hear(capsys: pytest.CaptureFixture[str], no_model: None, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("来电人：桥下积水，车被困住了", encoding="utf-8")
    report = as_json(capsys, "import", "--kind", "calls", tmp_path / "a.txt", "--no-wait")
    assert "states" not in report
    assert as_json(capsys, "hear") == {"ready": 1}
    code, out, _ = run(capsys, "hear")
    assert (code, out) == (0, "0 calls: nothing to do\n")


def test_import_prints_for_people(capsys: pytest.CaptureFixture[str], no_model: None, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("积水", encoding="utf-8")
    (tmp_path / "b.wav").write_bytes(b"")
    code, out, _ = run(capsys, "import", "--kind", "calls", tmp_path / "a.txt", tmp_path / "b.wav", "--dry-run")
    assert code == 0
    assert out.startswith("checked 2 files: 0 added, 0 known already, 1 with errors\n  row 2, file: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["transcribe", "/nowhere/a.wav"], "/nowhere/a.wav is no file"),
        (["transcribe"], "--help"),
        (["transcribe", "HERE", "--model", "/nowhere/x.pt"], "/nowhere/x.pt is not there"),
        (["import", "a", "b"], "one file at a time"),
        (["import", "--kind", "calls", "/nowhere/a.wav"], "does not exist"),
        (["import", "--kind", "calls", "HERE", "--mapping", "x"], "--mapping is for cases"),
        (["hear", "--watch", "/nowhere"], "/nowhere is no folder"),
        (["models", "pull", "gpt"], "choose one of"),
    ],
)
def test_bad_input_is_one_line(
    capsys: pytest.CaptureFixture[str], recording: Path, arguments: list[str], said: str
) -> None:
    try:
        code, _, err = run(capsys, *[str(recording) if a == "HERE" else a for a in arguments])
    except SystemExit as stopped:  # argparse
        code, err = int(stopped.code or 0), capsys.readouterr().err
    assert code == 2
    assert said in err
    assert err.count("\n") == 1


def test_several_files_are_told_apart(
    capsys: pytest.CaptureFixture[str], no_model: None, recording: Path, tmp_path: Path
) -> None:
    code, out, err = run(capsys, "transcribe", recording, tmp_path / "none.wav", "--json")
    first, second = (json.loads(line) for line in out.splitlines())
    assert (code, first["file"]) == (2, str(recording))
    assert "is not there" in first["error"]
    assert "is no file" in second["error"]
    assert "2 of 2 files could not be transcribed" in err
    assert not (Path(os.environ["PRECEDENT_HOME"]) / "precedent.sqlite").exists(), "the database is not touched"


@pytest.fixture
def hotline(tmp_path: Path) -> Iterator[Hotline]:
    opened = open_fake_hotline(tmp_path / "home", Fakes(), executor=lambda: ThreadPoolExecutor(1))
    yield opened
    opened.store.engine.dispose()


def test_a_watched_folder_takes_what_is_complete(hotline: Hotline, tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    watch = Watch(folder, hotline, settled_s=0.15)
    growing = (folder / "a.wav").open("wb")
    for _ in range(4):
        growing.write(b"more")
        growing.flush()
        assert watch.look() == []
        time.sleep(0.06)
    growing.close()
    watch.look()
    time.sleep(0.2)
    (line,) = watch.look()
    assert (line["call_id"], line["new"]) == (1, True)
    assert watch.look() == []
    (folder / "b.wav").write_bytes((folder / "a.wav").read_bytes())
    (folder / "c.wav").write_bytes(b"")
    (folder / "d.part").write_bytes(b"half")
    watch.look()
    time.sleep(0.2)
    same, empty = watch.look()
    assert (same["call_id"], same["new"]) == (1, False)
    assert "empty (0 bytes)" in empty["error"]
    (folder / "c.wav").write_bytes(b"now there is something")
    watch.look()
    time.sleep(0.2)
    assert watch.look()[0]["new"] is True
    assert hotline.counts()[CallState.RECEIVED] == 2


def test_watching_ends_on_an_interrupt_without_a_process_left(tmp_path: Path, recording: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "drop"
    folder.mkdir()
    home.mkdir()
    (home / "settings.toml").write_text('speech_model = "/nowhere/model.pt"', encoding="utf-8")
    (folder / "a.txt").write_text("来电人：桥下积水", encoding="utf-8")
    process = subprocess.Popen(
        [PRECEDENT, "hear", "--watch", folder, "--json"],
        env={**os.environ, "PRECEDENT_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["call_id"] == 1
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "what was written so far is kept" in err


def test_settings_of_the_hotline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for line, said in (("hotline_workers = -1", "between 0 and 64"), ("hotline_threads = 0", "between 1 and 64")):
        (home / "settings.toml").write_text(line, encoding="utf-8")
        code, _, err = run(capsys, "hear")
        assert code == 2
        assert said in err
    (home / "settings.toml").write_text("hotline_workers = 3\nhotline_threads = 1", encoding="utf-8")
    workplace = open_workplace()
    assert workplace.speech.threads == 1
    assert workplace.hotline.receive(io.BytesIO(b"x"), "a.wav")[1]
    workplace.engine.dispose()
