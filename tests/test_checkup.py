"""The check-up: every part is looked at, a broken one is a finding with advice, never an error."""

from pathlib import Path

from learned_city import learned_city

from assistant.checkup import Finding, checkup
from assistant.wiring import open_workplace
from knowledge.case import Case


def _by_name(findings: list[Finding]) -> dict[str, Finding]:
    assert len({f.name for f in findings}) == len(findings)
    return {f.name: f for f in findings}


def test_a_fresh_folder_is_well_and_says_how_to_begin(tmp_path: Path) -> None:
    found = _by_name(checkup(open_workplace(tmp_path / "home")))
    assert {"data folder", "database", "embedder", "indexes", "language model"} <= found.keys()
    assert all(f.ok for f in found.values())
    assert "precedent import" in found["database"].state
    assert "meaning" in found["embedder"].state


def test_what_lags_behind_is_said(tmp_path: Path) -> None:
    workplace = open_workplace(tmp_path)
    workplace.records.write([Case(situation="积水"), Case(situation="停电")])
    found = _by_name(checkup(workplace))
    assert "2 approved cases of 2" in found["database"].state
    assert "2 changes behind" in found["indexes"].state
    workplace.copies.sync()
    assert "up to date" in _by_name(checkup(workplace))["indexes"].state


def test_a_damaged_database_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "precedent.sqlite").write_bytes(b"this is no database at all" * 100)
    found = _by_name(checkup(open_workplace(tmp_path)))
    assert not found["database"].ok
    assert "restore" in found["database"].advice
    assert found["embedder"].ok


def test_a_missing_model_and_a_wrong_index_are_findings(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('embedder = "/nowhere/model"\nvectors = "pinecone"', encoding="utf-8")
    found = _by_name(checkup(open_workplace(tmp_path)))
    assert not found["embedder"].ok
    assert "meaning" in found["embedder"].advice
    assert not found["indexes"].ok
    assert found["database"].ok


def test_learning_speech_and_learned_categories_are_told(tmp_path: Path) -> None:
    found = _by_name(checkup(open_workplace(tmp_path / "fresh")))
    assert found["learning"].state.startswith("base in force, nothing on trial; 0 events, 0 of 200 choices")
    assert found["learned categories"].state.startswith("none")
    assert found["speech"].state
    place = learned_city(tmp_path / "learned")
    found = _by_name(checkup(place))
    assert found["learning"].ok
    assert f"{place.learning.advisor.state().standing.challenger} on trial, ready" in found["learning"].state
    place.engine.dispose()


def test_a_damaged_model_or_lesson_is_a_finding(tmp_path: Path) -> None:
    place = learned_city(tmp_path / "home")
    version = place.learning.advisor.state().standing.challenger
    (place.home / "policies").mkdir(exist_ok=True)
    (place.home / "policies" / f"{version}.json").write_text("{}", encoding="utf-8")
    (place.home / "categories.npz").write_bytes(b"no lesson")
    found = _by_name(checkup(open_workplace(place.home)))
    assert not found["learning"].ok
    assert str(version) in found["learning"].state
    assert not found["learned categories"].ok
    assert "forget" in found["learned categories"].advice
    place.engine.dispose()
