"""The command `precedent learn`: learn, look, decide, replay byte for byte, trace, and take a person's part back."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from learned_city import PEOPLE, insight_of, learned_city

from assistant.learning.events import Proposed
from assistant.learning.learner import fit
from assistant.learning.memory import MemoryLog
from assistant.learning.sqllog import SqlEventLog
from assistant.wiring import Workplace
from ui.command import main
from ui.learning_state import state_of


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workplace]:
    """The city is in PRECEDENT_HOME."""
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path / "home"))
    opened = learned_city(tmp_path / "home")
    yield opened
    opened.engine.dispose()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def one(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["learn", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return one


def _challenger(place: Workplace) -> str:
    return str(place.learning.advisor.state().standing.challenger)


def test_a_fresh_folder_says_what_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Any) -> None:
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path / "fresh"))
    code, out, _ = run()
    assert code == 0
    assert "in force: base" in out
    assert "0 of 200" in out
    assert json.loads(run("--json")[1])["steps"] == []
    assert run("replay")[:2] == (0, "there is no version to replay yet\n")


def test_what_is_due_is_done_and_said(place: Workplace, run: Any) -> None:
    code, out, _ = run()
    assert code == 0
    assert f"on trial: {_challenger(place)} (ready: approve or reject it)" in out
    shown = json.loads(run("show", "--json")[1])
    assert shown == json.loads(json.dumps(state_of(insight_of(place).account())))
    assert shown["ready"]
    assert {c["name"] for c in shown["conditions"] if c["held"] is None} == {"gold"}
    assert "[condition:evidence]" in run("show")[1]


def test_a_person_approves_and_brings_back(place: Workplace, run: Any) -> None:
    version = _challenger(place)
    code, _, err = run("approve", "p0001-00000000", "--by", "王敏")
    assert (code, err.count("\n")) == (2, 1)
    assert "not on trial" in err
    code, _, err = run("approve", version, "--by", "  ")
    assert code == 2
    told = json.loads(run("approve", version, "--by", "王敏", "--note", "会上同意", "--json")[1])
    assert (told["champion"], told["challenger"]) == (version, None)
    assert (told["step"]["kind"], told["step"]["by"], told["step"]["note"]) == ("promoted", "王敏", "会上同意")
    code, out, _ = run("rollback", "base", "--by", "李强")
    assert code == 0
    assert "in force: base since" in out
    assert run("rollback", "base", "--by", "李强")[0] == 2


def test_a_person_rejects(place: Workplace, run: Any) -> None:
    version = _challenger(place)
    code, out, _ = run("reject", version, "--by", "王敏", "--note", "再等等")
    assert code == 0
    assert out.startswith(f"refused: {version}, by 王敏")
    assert "on trial: nothing" in out


def test_replay_is_byte_for_byte(place: Workplace, run: Any) -> None:
    kept = place.learning.shelf.policies()
    assert len(kept) >= 2
    code, out, err = run("replay")
    assert (code, err) == (0, "")
    assert out.count("the same, byte for byte") == len(kept)
    one = json.loads(run("replay", kept[0].version, "--json")[1])
    assert (one["version"], one["outcome"]) == (kept[0].version, "same")
    assert run("replay", "p9999-00000000")[0] == 2


def test_a_log_that_was_tampered_with_is_found(place: Workplace, run: Any) -> None:
    path = place.home / "precedent.sqlite"
    with sqlite3.connect(path) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='reactions'")
        for (name,) in triggers.fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("UPDATE reactions SET kind='reject' WHERE kind='adopt' AND number < 100")
    connection.close()
    code, out, err = run("replay")
    assert code == 1
    assert "DIFFERS at byte" in out
    assert err.count("\n") == 1
    assert "is kept" in err


def test_trace_gives_the_rows_and_the_figure_from_them(place: Workplace, run: Any) -> None:
    figure = next(f for c, f in insight_of(place).account().conditions if c.name == "people")
    code, out, err = run("trace", "condition:people")
    assert code == 0
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["number"] for row in rows] == list(figure.numbers)
    assert err == f"condition:people: figure 8, limit 5 (from these {len(rows)} rows alone)\n"
    both = [json.loads(line) for line in run("trace", "answers:broken", "trial:1", "--json")[1].splitlines()]
    assert both[0] == {"figure": "answers:broken", "values": {"count": 0}, "rows": []}
    assert both[1]["values"] == insight_of(place).account().trials[0].gain.values
    code, _, err = run("trace", "nonsense")
    assert (code, err.count("\n")) == (2, 1)


def test_whoever_withdraws_leaves_what_would_have_been_without_him(place: Workplace, run: Any) -> None:
    name = PEOPLE[2]
    log = SqlEventLog(place.engine)
    before = list(log.events())
    theirs = {e.interaction_id for _, e in before if isinstance(e, Proposed) and e.actor == name}
    without = [e for _, e in before if e.actor != name and getattr(e, "interaction_id", "") not in theirs]
    told = json.loads(run("withdraw", name, "--by", "王敏", "--reason", "本人要求", "--json")[1])
    assert told["events"] == len(before) - len(without) > 0
    after = [event for _, event in log.events()]
    assert after == without
    never = MemoryLog()
    assert all(never.append(event) for event in without)
    model = fit((event for _, event in never.events()), at=max(event.at for event in without))
    assert place.learning.advisor.fit(after).text() == model.text()
    assert place.learning.advisor.fit(event for _, event in before).text() != model.text()
    fresh = json.loads(run("show", "--json")[1])
    assert fresh["answers"]["all"]["count"] == sum(isinstance(event, Proposed) for event in without)
    rows = [json.loads(line) for line in run("trace", "answers")[1].splitlines()]
    assert name not in {row["actor"] for row in rows}


def test_versions_from_before_a_withdrawal_are_said_not_to_be_comparable(place: Workplace, run: Any) -> None:
    assert run("withdraw", PEOPLE[2], "--by", "王敏", "--reason", "本人要求")[0] == 0
    code, out, _ = run("replay")
    assert code == 0
    assert "rows that it was made from were withdrawn since" in out
    assert run("withdraw", " ", "--by", "王敏", "--reason", "x")[0] == 2


def test_withdrawing_nobody_known_changes_nothing(place: Workplace, run: Any) -> None:
    told = json.loads(run("withdraw", "nobody", "--by", "王敏", "--reason", "x", "--json")[1])
    assert told["events"] == 0
    assert run("replay")[0] == 0


def test_a_mistake_is_one_line(place: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["approve"], ["nonsense"], ["withdraw", "x", "--by", "y"], ["trace"]):
        with pytest.raises(SystemExit) as stopped:
            main(["learn", *arguments])
        assert stopped.value.code == 2
        assert capsys.readouterr().err.count("\n") == 1
