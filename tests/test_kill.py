"""Killed at any moment, a program loses nothing that it has confirmed and leaves nothing half-done."""

import http.client
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from slow import random_case

from assistant.wiring import open_workplace
from knowledge.case import Case, CaseStatus
from knowledge.filter import Wanted

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

PRECEDENT = Path(sys.executable).parent / "precedent"
CASES, BATCH, KILLS = 4_000, 500, 8


def start(home: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    with (home.parent / "log").open("ab") as log:
        return subprocess.Popen(
            [PRECEDENT, *arguments], env={**os.environ, "PRECEDENT_HOME": str(home)}, stdout=log, stderr=log
        )


def kill(process: "subprocess.Popen[bytes]") -> int:
    """Kills by signal 9; gives the exit code (-9 if it had not ended by itself)."""
    process.send_signal(signal.SIGKILL)
    return process.wait(30)


def check_file(path: Path) -> None:
    """The database is whole, without any help of our own code."""
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Case]]:
    source = random.Random(0)
    made = [random_case(source, f"k-{i}") for i in range(CASES)]
    path = tmp_path_factory.mktemp("kill") / "cases.jsonl"
    path.write_text("".join(f"{case.model_dump_json(exclude_none=True)}\n" for case in made), encoding="utf-8")
    return path, made


def check_import(home: Path, path: Path, made: list[Case]) -> int:
    """After a kill: whole batches only, and a second run completes; gives how many cases the killed one had kept."""
    file = home / "precedent.sqlite"
    if file.exists():
        check_file(file)
    workplace = open_workplace(home)
    kept = workplace.records.count(None)
    assert kept % BATCH == 0 or kept == CASES
    report = workplace.import_cases(path)
    assert (report.read, report.added, report.updated, report.skipped) == (CASES, CASES - kept, 0, kept)
    assert report.errors_total == 0

    stored = list(workplace.records.all())
    assert [s.case.external_id for s in stored] == [case.external_id for case in made]
    assert {s.version for s in stored} == {1}
    approved = sorted(s.case_id for s in stored if s.case.status is CaseStatus.APPROVED)
    copies = workplace.copies
    copies.sync()
    assert copies.behind() == 0
    assert copies.words.count() == copies.vectors.count() == copies.profiles.count() == len(approved)
    assert sorted(i for i, _ in copies.words.search("公共", CASES, Wanted())) == approved
    vector = copies.embedder.embed(["公共积水"])[0]
    assert sorted(i for i, _ in copies.vectors.search(vector, CASES)) == approved
    check_file(file)
    workplace.engine.dispose()
    return kept


def test_an_import_killed_at_any_moment(tmp_path: Path, cases: tuple[Path, list[Case]]) -> None:
    path, made = cases
    began = time.monotonic()
    whole = tmp_path / "whole" / "home"
    whole.parent.mkdir()
    process = start(whole, "import", str(path))
    while not (whole / "precedent.sqlite").exists() and process.poll() is None:
        time.sleep(0.005)
    first = time.monotonic() - began  # before this nothing is written
    assert process.wait(120) == 0
    last = time.monotonic() - began
    assert check_import(whole, path, made) == CASES

    source, codes, kept = random.Random(9), [], []
    for number in range(KILLS):
        home = tmp_path / f"{number}" / "home"
        home.parent.mkdir()
        moment = first + (last - first) * (number + source.random()) / KILLS
        process = start(home, "import", str(path))
        time.sleep(moment)
        codes.append(kill(process))
        kept.append(check_import(home, path, made))
    assert codes.count(-9) >= KILLS // 2, "hardly any import was cut short: the moments are wrong"
    assert min(kept) < CASES


@dataclass
class Talk:
    """What a client was told before the server died: answers by id, reactions that were confirmed."""

    port: int
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    reactions: list[tuple[str, str]] = field(default_factory=list)

    def post(self, path: str, content: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", f"/api/v1/{path}", json.dumps(content), {"Content-Type": "application/json"})
            with connection.getresponse() as response:
                return response.status, json.loads(response.read())
        finally:
            connection.close()

    def until_dead(self, worker: int) -> None:
        """Asks and reacts, every reaction twice, until nobody answers."""
        questions = ["立交桥下积水，两辆车被困", "电梯困人", "Gas smell in a block", "包工头跑了，工人讨薪"]
        try:
            for number in range(10_000):
                status, answer = self.post("ask", {"text": questions[(worker + number) % 4]})
                assert status == 200, answer
                interaction_id = answer["interaction_id"]
                self.answers[interaction_id] = answer
                choice = {"interaction_id": interaction_id, "client_id": f"{worker}-{number}"}
                choice |= {"kind": "adopt", "action": 0} if answer["actions"] else {"kind": "helpful"}
                for new in (True, False):
                    status, told = self.post("reactions", choice)
                    assert (status, told) == (201, {"new": new})
                    self.reactions.append((interaction_id, choice["client_id"]))
        except (OSError, http.client.HTTPException, ValueError):
            return


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            with connection.getresponse() as response:
                if response.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    pytest.fail("the server did not start")


@pytest.fixture
def demo_home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    workplace = open_workplace(home)
    workplace.load_demo()
    workplace.copies.sync()
    workplace.copies.save()
    workplace.engine.dispose()
    return home


def test_a_server_killed_while_it_answers(demo_home: Path) -> None:
    pytest.importorskip("ui.server")
    source = random.Random(4)
    answers: dict[str, dict[str, Any]] = {}
    confirmed: list[tuple[str, str]] = []
    for _ in range(2):
        talk = Talk(free_port())
        process = start(demo_home, "serve", "--port", str(talk.port))
        try:
            wait_until_healthy(talk.port, process)
            clients = [threading.Thread(target=talk.until_dead, args=(worker,)) for worker in range(3)]
            for client in clients:
                client.start()
            time.sleep(1.0 + source.random())
        finally:
            code = kill(process)
        for client in clients:
            client.join(60)
        assert code == -9
        assert talk.reactions
        answers |= talk.answers
        confirmed += talk.reactions
        check_log(demo_home, answers, confirmed)


def check_log(home: Path, answers: dict[str, dict[str, Any]], confirmed: list[tuple[str, str]]) -> None:
    """Every answer that was given out stands in the log with what it showed, every confirmed reaction once."""
    check_file(home / "precedent.sqlite")
    workplace = open_workplace(home)
    rows = {row["interaction_id"]: row for row in workplace.interactions.export()}
    assert set(answers) <= set(rows)
    for row in rows.values():
        logged = json.loads(row["recommendation"])
        shown = sorted(row["shown"], key=lambda s: s["slot"])
        assert [s["slot"] for s in shown] == list(range(len(logged["actions"])))
        assert [s["text"] for s in shown] == [action["text"] for action in logged["actions"]]
    for interaction_id, answer in answers.items():
        logged = json.loads(rows[interaction_id]["recommendation"])
        assert [a["text"] for a in logged["actions"]] == [a["text"] for a in answer["actions"]]
    kept = [(row["interaction_id"], r["client_id"]) for row in rows.values() for r in row["reactions"]]
    assert len(kept) == len(set(kept))
    assert set(confirmed) <= set(kept)
    workplace.engine.dispose()
