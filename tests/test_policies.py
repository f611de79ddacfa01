"""The shelf of models and the history of the gate in SQL, with the readable files beside it."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from knowledge.database import writing
from knowledge.errors import BadInput, Fault, NotFound
from knowledge.policies import GateRow, Policies

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
TEXT = '{"weights":{"积水":0.25}}\n'


@pytest.fixture
def shelf(engine: Engine, tmp_path: Path) -> Policies:
    return Policies(engine, tmp_path / "policies")


def file_of(shelf: Policies, version: str) -> Path:
    assert shelf.folder
    return shelf.folder / f"{version}.json"


def test_the_file_is_the_model_byte_for_byte(shelf: Policies) -> None:
    kept = shelf.put(TEXT, watermark=3, at=AT)
    content = file_of(shelf, kept.version).read_bytes()
    assert content == TEXT.encode()
    assert hashlib.sha256(content).hexdigest() == kept.sha256
    assert kept.version == f"p0001-{kept.sha256[:8]}"
    assert [path.name for path in file_of(shelf, kept.version).parent.iterdir()] == [f"{kept.version}.json"]


def test_a_missing_file_is_made_again(shelf: Policies) -> None:
    kept = shelf.put(TEXT, watermark=3, at=AT)
    path = file_of(shelf, kept.version)
    path.unlink()
    assert shelf.get(kept.version) == kept
    assert path.read_bytes() == TEXT.encode()
    path.unlink()
    assert shelf.put(TEXT, watermark=9, at=AT) == kept
    assert path.read_bytes() == TEXT.encode()


def test_a_file_that_somebody_changed_is_a_fault(shelf: Policies) -> None:
    kept = shelf.put(TEXT, watermark=3, at=AT)
    file_of(shelf, kept.version).write_text(TEXT.replace("0.25", "0.26"), encoding="utf-8")
    with pytest.raises(Fault, match=f"is not model {kept.version} any more; move it away"):
        shelf.get(kept.version)
    file_of(shelf, kept.version).unlink()
    assert shelf.get(kept.version) == kept


def test_a_folder_that_cannot_be_written_loses_no_model(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "policies").write_text("a file in the way")
    shelf = Policies(engine, tmp_path / "policies")
    with pytest.raises(Fault, match="the model itself is safe in the database"):
        shelf.put(TEXT, watermark=3, at=AT)
    (kept,) = shelf.policies()
    (tmp_path / "policies").unlink()
    assert shelf.get(kept.version) == kept


def test_a_model_damaged_in_the_database_is_a_fault(shelf: Policies) -> None:
    kept = shelf.put(TEXT, watermark=3, at=AT)
    with writing(shelf.engine) as connection:
        connection.execute(
            text("INSERT INTO policies VALUES ('p0002-00000000', 2, '2026-01-01 00:00:00', 1, :sum, '{}')"),
            {"sum": "0" * 64},
        )
    with pytest.raises(Fault, match="p0002-00000000 no longer fits its hash"):
        shelf.get("p0002-00000000")
    with pytest.raises(Fault, match="p0002-00000000"):
        shelf.policies()
    assert shelf.get(kept.version) == kept


def test_many_that_keep_models_at_once_get_versions_in_a_row(shelf: Policies) -> None:
    with ThreadPoolExecutor(4) as pool:
        kept = list(pool.map(lambda n: shelf.put(f"{{{n % 4}}}", watermark=n, at=AT), range(16)))
    assert sorted({one.version[:5] for one in kept}) == ["p0001", "p0002", "p0003", "p0004"]
    assert len(shelf.policies()) == 4
    assert [one.version[:5] for one in shelf.policies()] == ["p0001", "p0002", "p0003", "p0004"]


def test_an_unknown_model(shelf: Policies) -> None:
    with pytest.raises(NotFound, match="there is no model base"):
        shelf.get("base")


def test_steps_are_numbered_and_read_from_any_of_them(shelf: Policies) -> None:
    steps = [GateRow(AT, "fitted", "base", f"p{n}", "system", {"e": 1.5 * n, "slices": ["a"]}, "好") for n in range(3)]
    assert [shelf.note(step) for step in steps] == [1, 2, 3]
    assert shelf.history() == tuple(steps)
    assert shelf.history(since=1) == tuple(steps[1:])
    assert [step.number for step in shelf.history()] == [1, 2, 3]
    assert shelf.steps() == 3


def test_figures_that_are_no_number_are_kept_as_unknown(shelf: Policies) -> None:
    shelf.note(GateRow(AT, "trial", "base", None, "system", {"wealth": float("inf"), "low": [float("nan"), 1.0]}))
    assert shelf.history()[0].figures == {"wealth": None, "low": [None, 1.0]}


def test_an_unknown_step_is_bad_input(shelf: Policies) -> None:
    with pytest.raises(BadInput, match="win is no step of the gate"):
        shelf.note(GateRow(AT, "win", "base", None, "system"))
    with pytest.raises(IntegrityError), writing(shelf.engine) as connection:
        connection.execute(
            text("INSERT INTO gate_events VALUES (1, '2026-01-01 00:00:00', 'win', 'base', NULL, 'x', '{}', '')")
        )
