"""The command line against its contract: exit codes, one line on stderr that says what to do, and the shapes of --json.

Most commands run in this process (quick); what only a process shows (start-up, pipes, raw bytes) runs in one.
"""

import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from assistant.desk import Desk
from assistant.hubs import ENOUGH
from assistant.wiring import open_workplace
from knowledge.case import Case
from ui.command import main

PROGRAM = (sys.executable, "-m", "ui.command")
QUESTION = "凤台立交桥下积水半米，两辆车被困"
LINE = {"query_id", "verdict", "category", "matches", "ms"}
MATCH = {"case_id", "external_id", "score", "parts", "why"}
ANSWER = {
    "interaction_id",
    "situation",
    "verdict",
    "matches",
    "actions",
    "cautions",
    "unknowns",
    "answer_markdown",
    "language",
    "models",
    "ms",
}
ACTION = {"text", "action_type", "department", "when", "evidence", "track_record"}
REPORT = {"read", "added", "updated", "skipped", "errors"}


@pytest.fixture(scope="module")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("command") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRECEDENT_HOME", str(home))
        assert main(["demo", "--load-only"]) == 0
    return home


@pytest.fixture
def demo(demo_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo city is loaded in PRECEDENT_HOME."""
    monkeypatch.setenv("PRECEDENT_HOME", str(demo_home))
    return demo_home


def _run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    try:
        code = main([str(a) for a in arguments])
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


def _json(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    code, out, err = _run(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    assert out.count("\n") == 1
    return json.loads(out)


def _lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


# Mistakes


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "--help"),
        (["nonsense"], "--help"),
        (["match", "a", "--top", "x"], "--help"),
        (["ask", "a", "--language", "fr"], "--help"),
        (["ask", ""], "describe what is happening"),
        (["ask", "积" * 30_000], "import the text as a case"),
        (["match"], "either a situation or --queries"),
        (["match", "a", "--queries", "b"], "either a situation or --queries"),
        (["match", "a", "--top", "0"], "from 1 to 200"),
        (["match", "a", "--since", "gestern"], "2025-01-31"),
        (["match", "a", "--category", "nix"], "situations.csv"),
        (["match", "--queries", "/nowhere/q.jsonl"], "JSON lines"),
        (["match", "--queries", "/"], "JSON lines"),
        (["import", "/nowhere/cases.csv"], "check the name"),
        (["import", "/"], "name one"),
        (["import", "x.csv", "--kind", "songs"], "--help"),
        (["serve", "--port", "99999"], "65535"),
    ],
)
def test_bad_input_is_exit_2_with_one_line_that_says_what_to_do(
    capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    code, out, err = _run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("precedent: ")
    assert says in err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"id": 1}\n', "line 1"),
        (b'{"id": 1, "text": "a"}\nnot json\n', "line 2"),
        (b"[1, 2]\n", "line 1"),
        (b"\xff\xfe\n", "UTF-8"),
        (b'{"id": "q7", "text": ""}\n', "query q7"),
    ],
)
def test_a_mistake_in_the_queries_names_its_place(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_bytes(content)
    code, _, err = _run(capsys, "match", "--queries", path)
    assert (code, err.count("\n")) == (2, 1)
    assert says in err


def test_a_data_folder_that_cannot_be_used_is_bad_input(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path / "file"))
    code, _, err = _run(capsys, "match", "积水")
    assert code == 2
    assert "PRECEDENT_HOME" in err


def test_a_database_of_a_newer_version_is_a_fault(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path))
    assert _run(capsys, "match", "积水")[0] == 0
    engine = create_engine(f"sqlite:///{tmp_path / 'precedent.sqlite'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    code, _, err = _run(capsys, "match", "积水")
    assert (code, err.count("\n")) == (1, 1)
    assert "newer version" in err
    assert "install that version" in err


def test_a_file_that_is_no_database_is_a_fault(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path))
    (tmp_path / "precedent.sqlite").write_bytes(b"no database" * 200)
    code, _, err = _run(capsys, "ask", "积水")
    assert (code, err.count("\n")) == (1, 1)
    assert "restore" in err


def test_a_place_that_cannot_be_written_is_a_fault(capsys: pytest.CaptureFixture[str], demo: Path) -> None:
    code, _, err = _run(capsys, "export", "--to", "/nowhere/cases.jsonl")
    assert (code, err.count("\n")) == (1, 1)
    assert "/nowhere/cases.jsonl" in err


# match


def test_the_line_of_a_query_is_as_the_contract_says(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, demo: Path
) -> None:
    queries = _lines(tmp_path / "q.jsonl", {"id": "a", "text": QUESTION}, {"id": 7, "text": "Gas smell in a block"})
    code, out, err = _run(capsys, "match", "--queries", queries, "--top", 4)
    assert (code, err) == (0, "")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["query_id"] for row in rows] == ["a", "7"]
    for row in rows:
        assert set(row) == LINE
        assert set(row["verdict"]) == {"label", "probability"}
        assert row["verdict"]["label"] in ("same", "similar", "new")
        assert isinstance(row["category"], str)
        assert len(row["matches"]) == 4
        for match in row["matches"]:
            assert set(match) == MATCH
            assert 0 <= match["score"] <= 1
            assert isinstance(match["why"], list)
            assert match["why"]
        assert row["ms"] > 0


def test_many_queries_are_matched_together(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, demo: Path, desk: Desk, demo_cases: tuple[Case, ...]
) -> None:
    chosen = demo_cases[:ENOUGH]
    queries = _lines(tmp_path / "q.jsonl", *({"id": c.external_id, "text": c.situation} for c in chosen))
    code, out, err = _run(capsys, "match", "--queries", queries, "--top", 5)
    assert (code, err) == (0, "")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["query_id"] for row in rows] == [case.external_id for case in chosen]
    found = desk.match_many([(case.situation, ()) for case in chosen], top=5)
    for row, (_, _, matches, _) in zip(rows, found, strict=True):
        assert [m["external_id"] for m in row["matches"]] == [m.external_id for m in matches]


def test_one_text_gives_the_same_line(capsys: pytest.CaptureFixture[str], demo: Path) -> None:
    row = _json(capsys, "match", QUESTION, "--top", 3)
    assert set(row) == LINE
    assert row["query_id"] is None
    code, out, _ = _run(capsys, "match", QUESTION, "--top", 3)
    assert code == 0
    assert out.count("\n") == 4
    assert all(m["external_id"] in out for m in row["matches"])


def test_a_situation_may_come_from_standard_input(
    capsys: pytest.CaptureFixture[str], demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(QUESTION))
    there = _json(capsys, "match", "-")
    assert [m["case_id"] for m in there["matches"]] == [
        m["case_id"] for m in _json(capsys, "match", QUESTION)["matches"]
    ]


def test_exclude_self_leaves_out_only_the_case_itself(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, demo: Path, demo_cases: tuple[Case, ...]
) -> None:
    chosen = demo_cases[::40]
    queries = _lines(tmp_path / "q.jsonl", *({"id": c.external_id, "text": c.situation} for c in chosen))

    def found(*options: str) -> list[list[str]]:
        code, out, _ = _run(capsys, "match", "--queries", queries, "--top", 5, *options)
        assert code == 0
        return [[m["external_id"] for m in json.loads(line)["matches"]] for line in out.splitlines()]

    for case, all_, others in zip(chosen, found(), found("--exclude-self"), strict=True):
        assert all_[0] == case.external_id
        assert case.external_id not in others
        assert others[:4] == all_[1:]


@pytest.mark.parametrize(
    ("options", "holds"),
    [
        (["--district", "望江区"], lambda c: c.district == "wangjiang"),
        (["--district", "Wangjiang District"], lambda c: c.district == "wangjiang"),
        (["--since", "2025-01-01"], lambda c: c.occurred_at.isoformat() >= "2024-12-31T16:00"),
        (["--category", "flood"], lambda c: c.category.startswith("flood.")),
        (["--category", "拖欠工资"], lambda c: c.category == "labour.wages"),
        (["--department", "水务局"], lambda c: "water" in c.departments),
        (["--case-kind", "policy"], lambda c: c.kind == "policy"),
        (["--district", "海淀区"], None),
    ],
)
def test_filters(
    capsys: pytest.CaptureFixture[str], demo: Path, demo_cases: tuple[Case, ...], options: list[str], holds: Any
) -> None:
    cases = {case.external_id: case for case in demo_cases}
    found = [cases[m["external_id"]] for m in _json(capsys, "match", QUESTION, *options)["matches"]]
    assert bool(found) == (holds is not None)
    assert all(holds(case) for case in found)


# ask


def test_ask_has_every_key_of_the_contract(capsys: pytest.CaptureFixture[str], demo: Path) -> None:
    answer = _json(capsys, "ask", QUESTION)
    assert answer.keys() >= ANSWER
    assert answer["actions"]
    cases = {m["case_id"]: m["case"] for m in answer["matches"]}
    for action in answer["actions"]:
        assert action.keys() >= ACTION
        assert action["when"] in ("now", "today", "later")
        assert set(action["track_record"]) == {"tried", "worked", "rate", "low", "high", "median_days"}
        for cited in action["evidence"]:
            assert set(cited) == {"case_id", "quote"}
            assert cited["quote"] in [a["text"] for a in cases[cited["case_id"]]["actions"]]


@pytest.mark.parametrize(("language", "heading"), [("zh", "先做什么"), ("en", "What to do first")])
def test_ask_for_people(capsys: pytest.CaptureFixture[str], demo: Path, language: str, heading: str) -> None:
    code, out, _ = _run(capsys, "ask", QUESTION, "--language", language)
    assert code == 0
    assert heading in out


def test_what_was_asked_is_logged(capsys: pytest.CaptureFixture[str], demo: Path) -> None:
    answer = _json(capsys, "ask", QUESTION)
    code, out, _ = _run(capsys, "export", "interactions")
    assert code == 0
    logged = {row["interaction_id"]: row for row in map(json.loads, out.splitlines())}
    assert logged[answer["interaction_id"]]["actor"] == "command line"
    assert len(logged[answer["interaction_id"]]["shown"]) == len(answer["actions"])


def test_an_empty_case_base_answers(capsys: pytest.CaptureFixture[str]) -> None:
    answer = _json(capsys, "ask", QUESTION)
    assert answer["verdict"]["label"] == "new"
    assert (answer["matches"], answer["actions"]) == ([], [])


# import, export, demo, doctor


def test_importing_twice_changes_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rows = _lines(
        tmp_path / "cases.jsonl",
        {"external_id": "a", "situation": "桥下积水半米。"},
        {"external_id": "b", "situation": "小区停电。", "severity": 4},
        {"external_id": "c"},
    )
    checked = _json(capsys, "import", rows, "--dry-run")
    assert (checked["read"], len(checked["errors"]), open_workplace().records.count()) == (3, 1, 0)
    first = _json(capsys, "import", rows)
    assert first.keys() >= REPORT
    assert (first["read"], first["added"], first["updated"]) == (3, 2, 0)
    assert [set(e) for e in first["errors"]] == [{"row", "field", "problem"}]
    assert (first["errors"][0]["row"], first["errors"][0]["field"]) == (3, "situation")
    change = open_workplace().records.last_change()
    second = _json(capsys, "import", rows)
    assert (second["added"], second["updated"], second["skipped"]) == (0, 0, 2)
    assert open_workplace().records.last_change() == change


def test_an_import_is_found_at_once_and_an_update_replaces_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "cases.jsonl"
    _json(capsys, "import", _lines(path, {"external_id": "a", "situation": "喷泉池漏电。"}))
    assert _json(capsys, "match", "喷泉漏电")["matches"][0]["external_id"] == "a"
    report = _json(capsys, "import", _lines(path, {"external_id": "a", "situation": "喷泉池干涸。"}))
    assert (report["added"], report["updated"]) == (0, 1)


def test_a_csv_with_foreign_headings_needs_a_mapping(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = tmp_path / "cases.csv"
    table.write_text("Nr,Geschehen\n1,桥下积水半米\n", encoding="utf-8")
    mapping = tmp_path / "map.json"
    mapping.write_text('{"Geschehen": "situation", "Nr": "external_id"}', encoding="utf-8")
    code, _, err = _run(capsys, "import", table)
    assert code == 2
    assert "--mapping" in err
    assert _json(capsys, "import", table, "--mapping", mapping)["added"] == 1


def _hashes(records: Any) -> list[tuple[str | None, str]]:
    return sorted((stored.case.external_id, stored.case.content_hash()) for stored in records.all())


def test_export_and_import_into_a_fresh_folder_keep_every_case(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cases.jsonl"
    code, out, err = _run(capsys, "export", "--to", path)
    assert (code, out) == (0, "")
    assert "258 cases" in err
    assert _run(capsys, "export")[1] == path.read_text(encoding="utf-8")
    before = _hashes(open_workplace().records)
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path / "fresh"))
    report = _json(capsys, "import", path)
    assert (report["added"], report["errors"]) == (258, [])
    assert _hashes(open_workplace().records) == before


def test_loading_the_demo_twice_changes_nothing(capsys: pytest.CaptureFixture[str], demo: Path) -> None:
    change = open_workplace().records.last_change()
    assert _json(capsys, "demo", "--load-only") == {"read": 258, "cases": 258, "calls": 40}
    assert open_workplace().records.last_change() == change


def test_doctor_looks_at_everything(capsys: pytest.CaptureFixture[str], demo: Path) -> None:
    findings = _json(capsys, "doctor")
    assert all(set(f) == {"name", "ok", "state", "advice"} for f in findings)
    assert all(f["ok"] for f in findings)
    code, out, _ = _run(capsys, "doctor")
    assert code == 0
    assert all(f["name"] in out for f in findings)


# categories


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A city with two categories of its own, and a table of texts that it labelled."""
    home = tmp_path / "city"
    home.mkdir()
    heads = "id,name_zh,name_en,everyday_zh,official_zh,words_en\n"
    rows = "own,本市事项,Own,,,\nown.wild,野生动物,Wild animals,,,\nown.fair,集市,Fairs,,,\n"
    (home / "situations.csv").write_text(heads + rows, encoding="utf-8")
    texts = [(f"野猪拱了菜地{end}", "野生动物") for end in "啊呢吧呀嘛"] + [
        (f"集市摊位太挤{end}", "Fairs") for end in "啊呢吧呀嘛"
    ]
    table = "".join(f"{text},{label}\n" for text, label in [*texts, ("不知道", "别的")])
    (tmp_path / "texts.csv").write_text(f"text,label\n{table}", encoding="utf-8")
    monkeypatch.setenv("PRECEDENT_HOME", str(home))
    return home


def test_categories_are_learned_read_and_forgotten(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, city: Path
) -> None:
    question = "match", "野猪把菜地拱了"
    assert _json(capsys, "categories") == {"own": True, "groups": 1, "categories": 2, "learned": None}
    assert _json(capsys, *question)["category"] is None
    told = _json(capsys, "categories", "learn", tmp_path / "texts.csv")
    assert told["kept"]
    assert (told["read"], told["used"], told["errors_total"], told["unknown_labels"]) == (11, 10, 1, {"别的": 1})
    assert set(told["errors"][0]) == {"row", "field", "problem"}
    assert told["macro_f1"]["together"] > told["macro_f1"]["present"]
    assert _json(capsys, *question)["category"] == "own.wild"
    assert _json(capsys, "categories")["learned"]["labels"] == ["own.fair", "own.wild"]
    code, out, _ = _run(capsys, "categories")
    assert (code, "learned from 10 texts" in out) == (0, True)
    assert _json(capsys, "categories", "forget") == {"forgotten": True}
    assert _json(capsys, *question)["category"] is None
    assert _run(capsys, "categories", "forget")[1] == "nothing was learned yet\n"


def test_learning_says_for_people_what_came_of_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, city: Path
) -> None:
    code, out, err = _run(capsys, "categories", "learn", tmp_path / "texts.csv")
    assert (code, err) == (0, "")
    for said in ("read 11 rows: 10 texts", "(first: 11), label: '别的' is no category", "macro-F1", "kept: "):
        assert said in out


def test_what_cannot_be_learned_from_is_bad_input(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, city: Path
) -> None:
    for arguments, says in (
        (("categories", "learn", "/nowhere/a.csv"), "check the name"),
        (("categories", "learn", tmp_path / "texts.csv", "--label", "nix"), "--label"),
    ):
        code, out, err = _run(capsys, *arguments)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert says in err


def test_a_damaged_lesson_is_a_fault_that_can_be_forgotten(capsys: pytest.CaptureFixture[str], city: Path) -> None:
    (city / "categories.npz").write_bytes(b"no lesson")
    for arguments in (("categories",), ("match", "积水")):
        code, _, err = _run(capsys, *arguments)
        assert (code, err.count("\n")) == (1, 1)
        assert "precedent categories forget" in err
    assert _run(capsys, "categories", "forget")[0] == 0
    assert _run(capsys, "match", "积水")[0] == 0


def test_an_unclear_category_is_only_the_nearest(capsys: pytest.CaptureFixture[str], demo: Path) -> None:
    code, out, _ = _run(capsys, "match", "wild boar in the vegetable field")
    assert code == 0
    assert "no clear category (nearest: " in out.splitlines()[0]


# What only a process shows


def _process(*arguments: str | bytes, home: Path, **options: Any) -> "subprocess.CompletedProcess[bytes]":
    environment = {**os.environ, "PRECEDENT_HOME": str(home), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, env=environment, timeout=60, **options)


def test_help_answers_at_once(tmp_path: Path) -> None:
    program = shutil.which("precedent", path=str(Path(sys.executable).parent))
    assert program, "the package is not installed: make env"
    times = []
    for _ in range(5):
        started = time.perf_counter()
        said = subprocess.run([program, "--help"], capture_output=True, check=True, timeout=30).stdout.decode()
        times.append(time.perf_counter() - started)
    assert statistics.median(times) < (1.0 if os.environ.get("CI") else 0.5)
    for command in ("ask", "match", "import", "export", "serve", "doctor", "categories", "learn", "demo"):
        assert command in said


@pytest.mark.parametrize("arguments", [("export",), ("match", QUESTION, "--json")], ids=["much", "little"])
def test_a_reader_that_goes_away_is_no_error(demo: Path, arguments: tuple[str, ...]) -> None:
    environment = {**os.environ, "PRECEDENT_HOME": str(demo)}
    with subprocess.Popen(
        [*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        if arguments == ("export",):
            assert process.stdout.readline().startswith(b"{")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0


@pytest.mark.parametrize("arguments", [(b"match", b"\xff"), (b"ask", "积水".encode(), b"--district", b"\xff")])
def test_arguments_that_are_not_utf_8_are_answered_or_refused(demo: Path, arguments: tuple[bytes, ...]) -> None:
    done = _process(*arguments, home=demo)
    assert done.returncode in (0, 2)
    assert b"Traceback" not in done.stderr


def test_lone_surrogates_in_queries_are_taken_out(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, demo: Path
) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"id": "q\\ud800", "text": "积水\\udfff半米"}\n', encoding="ascii", errors="backslashreplace")
    code, out, _ = _run(capsys, "match", "--queries", path, "--exclude-self")
    assert code == 0
    assert json.loads(out)["query_id"] == "q"
