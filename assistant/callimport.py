"""Many calls at once: files, folders, and listings that say when each came in. A bad row is reported and left out.

A listing is a CSV, XLSX or JSONL file with the columns file, received_at, external_id, waiting_s, handling_s, of which
only the first must be filled; its files lie where it lies. Importing twice changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from assistant.callintake import Arrival
from assistant.hotline import Hotline
from knowledge.attached import ENDINGS
from knowledge.errors import BadInput
from knowledge.intake import MAX_ERRORS, ImportReport, RowError, RowProblem
from knowledge.mapping import read_moment, read_number, read_text
from knowledge.sheet import read_rows
from knowledge.text import fold

__all__ = ["CallImport", "find_calls", "import_calls", "is_offered"]

_LISTINGS = (".csv", ".xlsx", ".jsonl")
_SOUNDS = (
    ".3gp", ".aac", ".aif", ".aiff", ".amr", ".asf", ".avi", ".awb", ".flac", ".gsm", ".m4a", ".mka", ".mkv", ".mov",
    ".mp3", ".mp4", ".mpeg", ".mpg", ".oga", ".ogg", ".opus", ".ts", ".wav", ".wave", ".webm", ".wma",
)  # fmt: skip
_HEADINGS = {
    "file": ("file", "filename", "path", "recording", "文件", "文件名", "录音", "录音文件"),
    "received_at": ("received_at", "received", "time", "来电时间", "受理时间", "时间"),
    "external_id": ("external_id", "id", "编号", "工单编号", "来电编号", "流水号"),
    "waiting_s": ("waiting_s", "waiting", "等待时长", "等待秒数", "排队时长"),
    "handling_s": ("handling_s", "handling", "通话时长", "处理时长", "办理时长"),
}
Found = TypeVar("Found")


@dataclass(frozen=True)
class CallImport:
    """What an import did, and the calls that it named, new ones or not."""

    report: ImportReport
    call_ids: tuple[int, ...]


@dataclass(frozen=True)
class _Offered:
    """One file to take in, or why it cannot be."""

    row: int
    path: Path | None
    arrival: Arrival
    problem: RowProblem | None = None


def is_offered(path: Path) -> bool:
    """Whether a file in a folder is meant: by its ending a recording or a transcript, and not hidden. A file that is
    named by itself is taken whatever its ending."""
    return path.suffix.lower() in (*_SOUNDS, *ENDINGS) and not path.name.startswith((".", "~")) and path.is_file()


def find_calls(folder: Path) -> tuple[Path, ...]:
    """The files in a folder and in those below it, by name. Raises BadInput for one that cannot be read."""
    try:
        return tuple(sorted(path for path in folder.rglob("*") if is_offered(path)))
    except OSError as error:
        raise BadInput(f"{folder} cannot be read ({error.strerror}); check the rights") from error


def import_calls(
    paths: Sequence[Path],
    hotline: Hotline,
    *,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> CallImport:
    """Takes in files, folders and listings. Rows are counted over all of them. Raises BadInput for a path that does not
    exist and for a listing without a column of files; Fault for a full disk (what was taken in stays)."""
    read = added = skipped = 0
    errors: list[RowError] = []
    call_ids: list[int] = []
    for offered in _offers(paths):
        read += 1
        try:
            if offered.problem or offered.path is None:
                raise offered.problem or RowProblem("file", "is empty")
            if dry_run:
                _looked_at(offered.path)
                continue
            call, new = hotline.receive(offered.path, **offered.arrival)
        except BadInput as error:
            field, problem = (error.field, error.problem) if isinstance(error, RowProblem) else ("file", str(error))
            errors.append(RowError(offered.row, field, problem))
        else:
            added, skipped = added + new, skipped + (not new)
            call_ids.append(call.call_id)
        if progress:
            progress(read)
    report = ImportReport(read, added, 0, skipped, tuple(errors[:MAX_ERRORS]), len(errors))
    return CallImport(report, tuple(dict.fromkeys(call_ids)))


def _looked_at(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            if not stream.read(1):
                raise BadInput(f"{path} is empty (0 bytes); record or export it again")
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}); check the name and the rights") from error


def _offers(paths: Iterable[Path]) -> Iterator[_Offered]:
    row = 0
    for path in paths:
        if path.is_dir():
            offers: Iterable[_Offered] = (_Offered(0, found, _dated(found)) for found in find_calls(path))
        elif path.suffix.lower() in _LISTINGS:
            offers = _listed(path)
        elif path.exists():
            offers = (_Offered(0, path, _dated(path)),)
        else:
            raise BadInput(f"{path} does not exist; check the name")
        for offered in offers:
            row += 1
            yield _Offered(row, offered.path, offered.arrival, offered.problem)


def _dated(path: Path) -> Arrival:
    """A recording by itself tells when it was written: the time of the file."""
    return {"received_at": datetime.fromtimestamp(path.stat().st_mtime, UTC)}


def _listed(path: Path) -> Iterator[_Offered]:
    for row in read_rows(path):
        try:
            if row.problem:
                raise RowProblem("", row.problem)
            values = _by_field(row.values)
            if "file" not in values:
                raise RowProblem("file", "is empty, or there is no such column")
            found = path.parent / _read(values, "file", read_text)
            arrival: Arrival = _dated(found) if found.is_file() else {}
            if values.get("received_at"):
                arrival["received_at"] = _read(values, "received_at", read_moment)
            if values.get("external_id"):
                arrival["external_id"] = _read(values, "external_id", read_text)
            if values.get("waiting_s") is not None:
                arrival["waiting_s"] = _read(values, "waiting_s", read_number)
            if values.get("handling_s") is not None:
                arrival["handling_s"] = _read(values, "handling_s", read_number)
        except RowProblem as error:
            yield _Offered(row.number, None, {}, error)
        else:
            yield _Offered(row.number, found, arrival)


def _by_field(values: dict[str, object]) -> dict[str, object]:
    folded = {fold(heading): value for heading, value in values.items() if value is not None and value != ""}
    found = {field: next((folded[h] for h in known if h in folded), None) for field, known in _HEADINGS.items()}
    return {field: value for field, value in found.items() if value is not None}


def _read(values: dict[str, object], field: str, reading: Callable[[object], Found]) -> Found:
    try:
        return reading(values[field])
    except (ValueError, OverflowError) as error:
        raise RowProblem(field, f"{str(values[field])[:60]!r} cannot be read: {error}") from error
