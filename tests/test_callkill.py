"""Thirty kills at random moments of a batch of twenty calls: all end ready, none twice, none lost, no process left."""

import io
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_hotline import open_fake_hotline

from assistant.hotline import Hotline
from knowledge.call import CallState

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]

BATCH, KILLS = 20, 30
PROGRAM = Path(__file__).parent / "fake_hotline.py"


def processes_of(home: Path) -> list[int]:
    """Processes that were started for this folder, workers too: they have its name in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"CALL_HOME={home}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def test_thirty_kills(tmp_path: Path) -> None:
    home = tmp_path / "home"
    hotline = open_fake_hotline(home)
    ids = [
        hotline.receive(io.BytesIO(f"第{number}个来电\nseconds 3".encode()), f"{number}.wav")[0].call_id
        for number in range(BATCH)
    ]
    source, progress, kills = random.Random(5), [], 0
    environment = {**os.environ, "CALL_HOME": str(home), "PYTHONPATH": str(PROGRAM.parent.parent)}
    log = (tmp_path / "log").open("ab")
    while kills < KILLS:
        process = subprocess.Popen(
            [sys.executable, PROGRAM, home], stdout=subprocess.PIPE, stderr=log, env=environment, start_new_session=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"working\n"
        if kills % 3:  # while a call is heard, kept, understood or claimed; else while the processes start
            wait_for_work(hotline)
        time.sleep(source.random() * 0.6)
        process.send_signal(signal.SIGKILL)
        assert process.wait(30) == -signal.SIGKILL
        process.stdout.close()
        kills += 1
        counts = hotline.counts()
        assert sum(counts.values()) == BATCH
        assert not counts[CallState.FAILED]
        progress.append(counts[CallState.READY])
        check_versions(home)
    assert progress == sorted(progress), "what was ready stays ready"
    assert 0 < progress[-1] < BATCH, "some kills must fall on work, and the last one too"
    until = time.monotonic() + 10
    while processes_of(home) and time.monotonic() < until:
        time.sleep(0.1)
    assert processes_of(home) == [], "the worker of a killed program ends too"

    hotline.jobs.start()
    until = time.monotonic() + 120
    while hotline.counts()[CallState.READY] < BATCH:
        assert time.monotonic() < until, hotline.counts()
        time.sleep(0.05)
    hotline.jobs.close()
    for number, call_id in enumerate(ids):
        call = hotline.store.get(call_id)
        assert call.transcript is not None
        assert (call.version, call.transcript.text()) == (1, f"第{number}个来电")
        assert call.reading
    check_versions(home)
    log.close()
    hotline.store.engine.dispose()


def wait_for_work(hotline: Hotline) -> None:
    """Until a recording is being heard by the program that was just started."""
    change, until = hotline.store.last_change(), time.monotonic() + 30
    while hotline.store.last_change() == change and time.monotonic() < until:
        time.sleep(0.01)


def check_versions(home: Path) -> None:
    """The database is whole, and no call was heard twice; without any help of our own code."""
    connection = sqlite3.connect(home / "precedent.sqlite")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("SELECT count(*) FROM call_transcripts WHERE version > 1").fetchone() == (0,)
    half = "SELECT count(*) FROM calls WHERE state = 'ready' AND (version = 0 OR reading = '' OR text = '')"
    assert connection.execute(half).fetchone() == (0,)
    connection.close()
