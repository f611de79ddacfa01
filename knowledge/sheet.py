"""A file of rows as people have them: CSV, XLSX or JSONL, told by content first and by name second.

Rows come one at a time; a CSV or JSONL file is never held whole, however large it is. It knows nothing of cases: what a
heading means stands in `mapping`, what a cell means in `intake`.
"""

import codecs
import csv
import itertools
import json
import mmap
import re
import warnings
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from knowledge.errors import BadInput

__all__ = ["Row", "read_rows"]

SAMPLE = 1 << 20  # bytes from which the encoding is told
MAX_LINE = 10_000_000  # characters; a longer line is no line of a table
MAX_FIELD = 1_000_000  # characters in one cell of a CSV file
MAX_ARRAY = 50 << 20  # bytes of a JSON array, which has to be held whole
MAX_UNPACKED = 1 << 30  # bytes of all parts of a workbook
MAX_RATIO, RATIO_FROM = 200, 50 << 20  # a part above RATIO_FROM bytes may be this many times its packed size
MAX_SHEET_ROWS = 1 << 20  # the most that a worksheet can have
TOLERATED = 0.05  # share of unreadable characters up to which an encoding is still believed

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1f]")
_QUOTED = re.compile(r'"[^"]*"')
_CELL_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"})
_UNREADABLE = "\udcff"  # stands where bytes could not be decoded; no decoder yields it for good bytes
_MARK = "knowledge.sheet.mark"
_BAD_BYTES = "some of its bytes cannot be read in the encoding of the file; save it again as UTF-8"


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _UNREADABLE, error.end


codecs.register_error(_MARK, _mark)


@dataclass(frozen=True)
class Row:
    """One row by its headings, empty cells as None; a row that could not be read says why in `problem`.

    `number` counts the rows below the headings from 1, blank ones included.
    """

    number: int
    values: dict[str, object]
    problem: str | None = None


@dataclass(frozen=True)
class _Record:
    cells: tuple[object, ...]
    problem: str | None = None

    @property
    def filled(self) -> int:
        return sum(not _is_blank(cell) for cell in self.cells)


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of the file in their order; BadInput if it is no table that can be read (damage inside a workbook shows
    only when its rows are taken). A single bad row does not end the reading.
    """
    sample = _sample(path)
    if sample.startswith(_OLE):
        raise BadInput(_old_office(path))
    if sample.startswith(_ZIP):
        _check_archive(path)
        return _under_headings(path, _sheet_records(path), title_width=1)
    if path.suffix.lower() in {".xlsx", ".xlsm"}:
        raise BadInput(_damaged(path))
    encoding = _encoding(path, sample)
    start = sample.decode(encoding, "replace").lstrip("\ufeff\0 \t\r\n")
    if start.startswith("<"):
        raise BadInput(f"{path} is a web page or XML; open it in a spreadsheet program and save it as .xlsx or .csv")
    is_json, is_table = (path.suffix.lower() in names for names in ({".json", ".jsonl", ".ndjson"}, {".csv", ".tsv"}))
    if is_json or (start.startswith(("{", "[")) and not is_table):
        return (_array_rows if start.startswith("[") else _object_rows)(path, encoding)
    return _under_headings(path, _table_records(path, encoding, _delimiter(start)), title_width=2)


def _sample(path: Path) -> bytes:
    if not path.exists():
        raise BadInput(f"{path} does not exist; check the name and the folder")
    if path.is_dir():
        raise BadInput(f"{path} is a folder; name one .csv, .xlsx or .jsonl file in it")
    try:
        with path.open("rb") as stream:
            sample = stream.read(SAMPLE)
    except OSError as error:
        raise BadInput(f"{path} cannot be opened ({error.strerror}); check the rights to read it") from error
    if not sample.strip(b"\0\r\n\t \xef\xbb\xbf\xfe\xff"):  # nothing but blanks and byte order marks
        raise BadInput(f"{path} is empty; give a file with headings and at least one row")
    return sample


def _encoding(path: Path, sample: bytes) -> str:
    """By byte order mark, then by NULs at every other byte, then UTF-8, then GB18030, then by statistics."""
    for mark, name in _BOMS:
        if sample.startswith(mark):
            return name
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) > len(sample) / 40 and max(even, odd) > 4 * min(even, odd):
        return "utf-16-le" if odd > even else "utf-16-be"
    for name in ("utf-8", "gb18030"):
        text = codecs.getincrementaldecoder(name)("replace").decode(sample, final=len(sample) < SAMPLE)
        foreign = sum(character > "\x7f" for character in text)
        if text.count("\ufffd") <= TOLERATED * foreign and len(_CONTROL.findall(text)) <= len(text) / 100:
            return name
    return _rare_encoding(path, sample[:65_536])


def _rare_encoding(path: Path, sample: bytes) -> str:
    from charset_normalizer import from_bytes

    found = from_bytes(sample).best() if len(_CONTROL.findall(sample.decode("latin-1"))) <= len(sample) / 100 else None
    if found is None:
        raise BadInput(f"{path} is neither CSV, XLSX nor JSONL; export it as .xlsx, or as .csv in UTF-8")
    return str(found.encoding)


def _delimiter(start: str) -> str:
    """The most frequent of comma, tab and semicolon in the line of headings, outside quotation marks.

    >>> _delimiter('标题;"情况;经过";地点')
    ';'
    """
    line = _QUOTED.sub("", start[:MAX_FIELD]).lstrip().split("\n", 1)[0]
    return max(",\t;", key=line.count)


def _lines(path: Path, encoding: str) -> Iterator[str]:
    with path.open(encoding=encoding, errors=_MARK, newline="") as stream:
        for number, line in enumerate(iter(lambda: stream.readline(MAX_LINE), ""), 1):
            if len(line) >= MAX_LINE:
                raise BadInput(
                    f"{path}, line {number}: longer than {MAX_LINE:,} characters; export it again, a row a line"
                )
            yield line.replace("\0", "")


def _table_records(path: Path, encoding: str, delimiter: str) -> Iterator[_Record]:
    csv.field_size_limit(MAX_FIELD)
    reader = csv.reader(_lines(path, encoding), delimiter=delimiter)
    while True:
        try:
            yield _Record(tuple(next(reader)))
        except StopIteration:
            return
        except csv.Error:
            yield _Record((), f"a cell is longer than {MAX_FIELD:,} characters; close its quotation mark")


def _under_headings(path: Path, records: Iterator[_Record], *, title_width: int) -> Iterator[Row]:
    """Rows below the headings; a title above them (one filled cell of at least `title_width`) is passed over."""
    before = list(itertools.islice(records, 20))
    filled = [index for index, record in enumerate(before) if record.filled]
    if not filled:
        raise BadInput(f"{path} has no headings; put the names of the columns into the first row")
    start = filled[0]
    if before[start].filled == 1 and len(before[start].cells) >= title_width:
        start = next((index for index in filled if before[index].filled > 1), start)
    headings = tuple("" if _is_blank(cell) else str(cell).strip() for cell in before[start].cells)
    for number, record in enumerate(itertools.chain(before[start + 1 :], records), 1):
        if record.problem or record.filled:
            yield _row(number, record, headings)


def _row(number: int, record: _Record, headings: tuple[str, ...]) -> Row:
    if record.problem:
        return Row(number, {}, record.problem)
    if any(isinstance(cell, str) and _UNREADABLE in cell for cell in record.cells):
        return Row(number, {}, _BAD_BYTES)
    if any(not _is_blank(cell) for cell in record.cells[len(headings) :]):
        return Row(number, {}, f"has more cells than the {len(headings)} headings; put texts into quotation marks")
    values: dict[str, object] = {}
    for heading, cell in itertools.zip_longest(headings, record.cells[: len(headings)]):
        if heading and values.get(heading) is None:  # of two columns with one heading the first that is filled
            values[heading] = None if _is_blank(cell) else cell
    return Row(number, values)


def _is_blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and (not cell.strip() or cell in _CELL_ERRORS))


def _object_rows(path: Path, encoding: str) -> Iterator[Row]:
    for number, line in enumerate(_lines(path, encoding), 1):
        if _UNREADABLE in line:
            yield Row(number, {}, _BAD_BYTES)
        elif line.strip():
            try:
                yield _object_row(number, json.loads(line))
            except (ValueError, RecursionError) as error:
                yield Row(number, {}, f"is not valid JSON ({error}); write one object on the line")


def _object_row(number: int, found: object) -> Row:
    if not isinstance(found, dict):
        return Row(number, {}, "is not a JSON object; write {…} with the names of the fields")
    return Row(number, {str(name): None if _is_blank(value) else value for name, value in found.items()})


def _array_rows(path: Path, encoding: str) -> Iterator[Row]:
    if path.stat().st_size > MAX_ARRAY:
        raise BadInput(f"{path} is a JSON array above {MAX_ARRAY >> 20} MB; save it as JSONL, one object a line")
    try:
        found = json.loads(path.read_bytes().decode(encoding).lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not valid JSON ({error}); save it again, or as JSONL, one object a line") from error
    return (_object_row(number, item) for number, item in enumerate(found, 1))


def _damaged(path: Path) -> str:
    return f"{path} is not a readable XLSX file; open it in a spreadsheet program and save it again as .xlsx"


def _old_office(path: Path) -> str:
    """What to do with an OLE file: an encrypted workbook names its stream EncryptedPackage in UTF-16."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find("EncryptedPackage".encode("utf-16-le")) >= 0:
            return f"{path} is password-protected; save it without a password and import it again"
    return f"{path} is in an old Office format (.xls); save it as .xlsx and import it again"


def _check_archive(path: Path) -> None:
    try:
        with ZipFile(path) as archive:
            parts = archive.infolist()
    except (BadZipFile, ValueError, OSError) as error:
        raise BadInput(_damaged(path)) from error
    if not any(part.filename.startswith("xl/") for part in parts):
        raise BadInput(f"{path} is an archive, not a workbook; unpack it and import the .csv or .xlsx in it")
    bombs = [p for p in parts if p.file_size > RATIO_FROM and p.file_size > MAX_RATIO * max(p.compress_size, 1)]
    if bombs or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise BadInput(f"{path} unpacks to far more than a workbook should; save the table as .csv and import that")


def _sheet_records(path: Path) -> Iterator[_Record]:
    """The first worksheet that has any filled cell, from its first filled row; formulas as their last values."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    # Whatever is wrong inside the archive comes as one of these from openpyxl, zipfile and the XML parser.
    faults = (
        BadZipFile,
        InvalidFileException,
        SyntaxError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
    )
    try:
        with path.open("rb") as stream:  # by name openpyxl would judge the file by its ending
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            for sheet in book.worksheets:
                sheet.reset_dimensions()
                rows = itertools.islice(sheet.iter_rows(values_only=True), MAX_SHEET_ROWS)
                filled = itertools.dropwhile(lambda record: not record.filled, _quietly(rows))
                first = next(filled, None)
                if first is not None:
                    yield first
                    yield from filled
                    return
    except (*faults, zlib.error, EOFError, OSError) as error:
        raise BadInput(_damaged(path)) from error


def _quietly(rows: Iterable[tuple[object, ...]]) -> Iterator[_Record]:
    """Rows in chunks, with openpyxl's warnings about styles and extensions, which do not touch values, left out."""
    remaining = iter(rows)
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            chunk = [_Record(tuple(row)) for row in itertools.islice(remaining, 500)]
        if not chunk:
            return
        yield from chunk
