"""Questions with their right answers: the gold set of the demo city, real messages with their replies, or any files.

Nothing of ../shared/data is written anywhere; where that folder is missing, its data sets say so.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from knowledge.case import Case
from knowledge.demo import demo_files
from knowledge.errors import BadInput
from knowledge.intake import read_case
from knowledge.mapping import choose_mapping
from knowledge.places import read_places
from knowledge.sheet import read_rows
from knowledge.taxonomy import read_taxonomy
from knowledge.text import clean, language_of

__all__ = ["Dataset", "Query", "calibration", "gold", "half_of", "messages_to_replies", "read_files", "same_matter"]

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"
GOLD = Path(__file__).parent / "gold"
LEAST_REPLY = 100  # characters; shorter ones only acknowledge receipt
CALIBRATION = Path(__file__).parent / "calibration"


@dataclass(frozen=True)
class Query:
    """A question; `relevant` maps external ids to grades 1–3; `new` means that no case is a precedent."""

    id: str
    text: str
    relevant: Mapping[str, int]
    language: str = "zh"
    category: str | None = None
    severity: int | None = None
    place: str | None = None
    district: str | None = None
    style: str | None = None
    new: bool = False

    def length(self) -> str:
        """Its length class: short (under 40 characters), medium (under 150) or long."""
        return "short" if len(self.text) < 40 else "medium" if len(self.text) < 150 else "long"


@dataclass(frozen=True)
class Dataset:
    """Cases and questions; `exclude_self` leaves the case with the query's id out of its answers."""

    name: str
    cases: Sequence[Case]
    queries: Sequence[Query]
    exclude_self: bool = field(default=False)


def half_of(query_id: str) -> str:
    """ "dev" or "test" by a fixed hash of the id: the split never changes."""
    return "dev" if hashlib.sha256(f"precedent {query_id}".encode()).digest()[0] % 2 else "test"


def gold(half: str | None = None, folder: Path = GOLD) -> Dataset:
    """The gold set over the demo city's cases; `half` keeps "dev" or "test"."""
    cases = [case for path in demo_files() for case in _cases(path)]
    queries = [query for path in sorted(folder.glob("*.jsonl")) for query in _queries(path)]
    kept = [query for query in queries if half is None or half_of(query.id) == half]
    return Dataset(f"gold/{half or 'all'}", cases, kept)


def calibration(folder: Path = CALIBRATION) -> Dataset:
    """Questions written to fit the verdict by, half of them without precedent; no part of the gold set."""
    return replace(gold(folder=folder), name="calibration")


def messages_to_replies(path: Path = SHARED / "citizen_messages" / "resolved_messages.xlsx") -> Dataset:
    """Each real message as a question, each official reply as a case: which reply belongs to it? Raises BadInput where
    the file is missing."""
    if not path.is_file():
        raise BadInput(f"{path} is missing; put the shared data beside the project, or give --cases and --queries")
    cases, queries = [], []
    for row in read_rows(path):
        values = {name: clean(str(value or "")) for name, value in row.values.items()}
        message = f"{values['留言主题']}\n{values['留言详情']}".strip()
        if not values["答复意见"] or not message:
            continue
        case_id = values["留言编号"]
        cases.append(Case(external_id=case_id, situation=values["答复意见"][:50_000], language="zh"))
        queries.append(Query(case_id, message, {case_id: 3}))
    return Dataset("messages→replies", cases, queries)


def same_matter(path: Path = SHARED / "citizen_messages" / "resolved_messages.xlsx", alike: float = 0.9) -> Dataset:
    """Each real message as a case; messages whose official replies (of 100 characters and more, tf-idf cosine of
    characters 1–3 at least `alike`) are near-identical are of one matter and must find each other. Raises BadInput
    where the file is missing."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    data = messages_to_replies(path)
    replies = [case.situation for case in data.cases]
    rows = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, dtype=np.float32).fit_transform(
        replies
    )
    near = (rows @ rows.T).tocoo()
    relevant: dict[str, dict[str, int]] = {}
    for one, other, cosine in zip(near.row.tolist(), near.col.tolist(), near.data.tolist(), strict=True):
        if one != other and cosine >= alike and min(len(replies[one]), len(replies[other])) >= LEAST_REPLY:
            relevant.setdefault(data.queries[one].id, {})[data.queries[other].id] = 3
    cases = [Case(external_id=query.id, situation=query.text, language="zh") for query in data.queries]
    queries = [Query(q.id, q.text, relevant[q.id]) for q in data.queries if q.id in relevant]
    return Dataset("messages of one matter", cases, queries, exclude_self=True)


def read_files(cases: Path, queries: Path, *, exclude_self: bool = False) -> Dataset:
    """Any case file, and a query file with {"id", "text", "relevant": {external_id: grade} or [external_id]} a line."""
    return Dataset(f"{cases.name} / {queries.name}", list(_cases(cases)), _queries(queries), exclude_self)


def _cases(path: Path) -> Iterator[Case]:
    taxonomy, gazetteer = read_taxonomy(), read_places()
    mapping = None
    for row in read_rows(path):
        mapping = mapping or choose_mapping(row.values)
        yield read_case(row.values, mapping, taxonomy, gazetteer)


def _queries(path: Path) -> list[Query]:
    if not path.is_file():
        raise BadInput(f"{path} does not exist; check the name and the folder")
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            relevant = row.get("relevant", {})
            grades = relevant if isinstance(relevant, dict) else dict.fromkeys(map(str, relevant), 3)
            known = {name: row[name] for name in ("category", "severity", "place", "district", "style") if name in row}
            language = row.get("language") or language_of(row["text"])
            found.append(Query(str(row["id"]), row["text"], grades, language, new=bool(row.get("new")), **known))
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{path}, line {number}: {error!r}; a query needs id, text and relevant") from error
    return found
