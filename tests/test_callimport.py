import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fake_hotline import Fakes, open_fake_hotline

from assistant.callimport import find_calls, import_calls
from assistant.hotline import Hotline
from knowledge.errors import BadInput


@pytest.fixture
def hotline(tmp_path: Path) -> Iterator[Hotline]:
    opened = open_fake_hotline(tmp_path / "home", Fakes(), executor=lambda: ThreadPoolExecutor(1))
    yield opened
    opened.store.engine.dispose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "calls"
    (folder / "deep").mkdir(parents=True)
    for name in ("b.wav", "a.MP3", "deep/c.opus", "note.txt", ".hidden.wav", "list.docx", "d.wav.part"):
        (folder / name).write_text(f"content of {name}", encoding="utf-8")
    return folder


def test_a_folder(hotline: Hotline, folder: Path) -> None:
    os.utime(folder / "b.wav", (1_700_000_000, 1_700_000_000))
    assert [p.name for p in find_calls(folder)] == ["a.MP3", "b.wav", "c.opus", "note.txt"]
    seen: list[int] = []
    done = import_calls([folder], hotline, progress=seen.append)
    assert (done.report.read, done.report.added, done.report.skipped, done.report.errors) == (4, 4, 0, ())
    assert seen == [1, 2, 3, 4]
    assert hotline.store.get(done.call_ids[1]).received_at == datetime.fromtimestamp(1_700_000_000, UTC)
    again = import_calls([folder, folder / "b.wav"], hotline)
    assert (again.report.added, again.report.skipped) == (0, 5)
    assert again.call_ids == done.call_ids


LISTED = {
    "csv": "file,received_at,external_id,waiting_s,handling_s\n"
    "b.wav,2026-11-03 08:00,H-1,12,90\nmissing.wav,,H-2,,\n,,H-3,,\na.MP3,nonsense,H-4,,\ndeep/c.opus,,,,\n",
    "jsonl": '{"录音": "b.wav", "来电时间": "2026-11-03 08:00", "编号": "H-1", "等待时长": 12, "通话时长": "90秒"}\n'
    '{"录音": "missing.wav"}\n{"编号": "H-3"}\n{"录音": "a.MP3", "来电时间": "nonsense"}\n{"录音": "deep/c.opus"}\n',
}


@pytest.mark.parametrize("kind", sorted(LISTED))
def test_a_listing(hotline: Hotline, folder: Path, kind: str) -> None:
    listing = folder / f"list.{kind}"
    listing.write_text(LISTED[kind], encoding="utf-8")
    done = import_calls([listing], hotline)
    report = done.report.to_dict()
    assert (report["read"], report["added"], report["skipped"], report["errors_total"]) == (5, 2, 0, 3)
    assert [(e.row, e.field) for e in done.report.errors] == [(2, "file"), (3, "file"), (4, "received_at")]
    assert "missing.wav" in done.report.errors[0].problem
    call = hotline.store.get(done.call_ids[0])
    assert (call.external_id, call.waiting_s, call.handling_s) == ("H-1", 12, 90)
    assert call.received_at == datetime(2026, 11, 3, tzinfo=UTC), "the city's time"
    json.dumps(report)
    assert import_calls([listing], hotline).report.skipped == 2


def test_an_id_that_belongs_to_another_recording(hotline: Hotline, folder: Path) -> None:
    listing = folder / "list.csv"
    listing.write_text("file,external_id\nb.wav,H-1\na.MP3,H-1\nnote.txt,H-9\n", encoding="utf-8")
    done = import_calls([listing], hotline)
    assert (done.report.added, done.report.errors_total) == (2, 1)
    assert "belongs to call 1" in done.report.errors[0].problem


def test_bad_files_are_told_and_the_others_go_on(hotline: Hotline, folder: Path) -> None:
    (folder / "a.MP3").write_bytes(b"")
    (folder / "note.txt").write_bytes(b"\x00\x01")
    done = import_calls([folder], hotline)
    assert (done.report.read, done.report.added) == (4, 2)
    assert [e.row for e in done.report.errors] == [1, 4]
    assert "empty (0 bytes)" in done.report.errors[0].problem


def test_a_dry_run_writes_nothing(hotline: Hotline, folder: Path) -> None:
    (folder / "a.MP3").write_bytes(b"")
    done = import_calls([folder], hotline, dry_run=True)
    assert (done.report.read, done.report.added, done.report.errors_total, done.call_ids) == (4, 0, 1, ())
    assert hotline.calls() == ()


def test_a_path_that_does_not_exist(hotline: Hotline, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist; check the name"):
        import_calls([tmp_path / "nothing"], hotline)
