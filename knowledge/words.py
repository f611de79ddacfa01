"""The word index: full-text search over cases with the one filter, a derived copy of the case base.

TantivyWords keeps the index on disk, or in memory where no folder is given. It remembers the last change number that
it has applied, in the same folder and after the commit, so that a crash only makes it apply changes again. Scores are
BM25 sums and comparable within one search only.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import tantivy

from knowledge.case import CaseStatus, StoredCase
from knowledge.casetext import case_text
from knowledge.filter import Wanted
from knowledge.grams import cut, pairs
from knowledge.stamp import Stamp

__all__ = ["TantivyWords", "WordIndex"]

FORMAT = "words-1"  # raised whenever what is indexed changes: an index of another format is built anew
BOOSTS = {"title": 2.0, "situation": 1.0, "words": 0.6, "handling": 0.35}
MAX_TERMS = 400  # different tokens of one question that are looked up, the first ones
Occur = tantivy.Occur


class WordIndex(Protocol):
    """The seam for words. One contract suite runs against every implementation."""

    def applied(self) -> int:
        """The last change number applied; 0 for an empty index."""
        ...

    def apply(self, cases: Sequence[StoredCase], change: int) -> None:
        """Puts approved cases in (in place of their older versions), takes others out, and remembers `change`. A change
        that this or another process has applied is not applied again; what that process wrote is seen from now on."""
        ...

    def search(self, text: str, limit: int, wanted: Wanted, concepts: Iterable[str] = ()) -> list[tuple[int, float]]:
        """(case_id, score) of the best `limit` cases, best first; `concepts` are category ids that count as words."""
        ...

    def count(self) -> int:
        """How many cases can be found."""
        ...


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("case_id", indexed=True, fast=True)
    for name in BOOSTS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    for name in ("concept", "district", "category", "department", "kind"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("occurred", indexed=True, fast=True)
    return builder.build()


def _seconds(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None


class TantivyWords:
    """WordIndex on tantivy. Only the process that applies changes writes; a lock file keeps others out meanwhile."""

    def __init__(self, folder: Path | None = None) -> None:
        self._schema = _schema()
        self._stamp = Stamp(folder, FORMAT)
        if folder is None:
            self._index = tantivy.Index(self._schema)
        else:
            with self._stamp.lock():
                if self._stamp.is_foreign():
                    self._stamp.wipe()
                self._index = self._open(folder)

    def _open(self, folder: Path) -> Any:
        """The index of the folder; one that is damaged or lost begins anew, to be filled from the case base."""
        if self._stamp.read() and not tantivy.Index.exists(str(folder)):
            self._stamp.wipe()
        try:
            index = tantivy.Index(self._schema, path=str(folder))
        except ValueError:
            self._stamp.wipe()
            index = tantivy.Index(self._schema, path=str(folder))
        if not self._stamp.read():
            self._stamp.write(0)  # an empty index is ours too: whoever opens it next must not take it for foreign
        return index

    def applied(self) -> int:
        """See WordIndex.applied."""
        return self._stamp.read()

    def apply(self, cases: Sequence[StoredCase], change: int) -> None:
        """See WordIndex.apply."""
        with self._stamp.lock():
            if change <= self._stamp.read():
                self._index.reload()  # another process was faster
                return
            writer: Any = self._index.writer(heap_size=64_000_000, num_threads=1)
            for stored in cases:
                writer.delete_documents_by_term("case_id", stored.case_id)
                if stored.case.status is CaseStatus.APPROVED:
                    writer.add_document(self._document(stored))
            writer.commit()
            writer.wait_merging_threads()
            self._stamp.write(change)
        self._index.reload()

    def search(self, text: str, limit: int, wanted: Wanted, concepts: Iterable[str] = ()) -> list[tuple[int, float]]:
        """See WordIndex.search."""
        should = self._terms(text, concepts)
        if not should or limit < 1:
            return []
        query = tantivy.Query.boolean_query([(Occur.Should, term) for term in should])
        must = self._conditions(wanted)
        if must:
            query = tantivy.Query.boolean_query(
                [(Occur.Must, query), *[(Occur.Must, tantivy.Query.const_score_query(m, 0.0)) for m in must]]
            )
        searcher = self._index.searcher()
        hits = searcher.search(query, limit, count=False).hits
        ids = searcher.fast_field_values("case_id", [address for _, address in hits])
        return [(int(case_id or 0), float(score)) for case_id, (score, _) in zip(ids, hits, strict=True)]

    def count(self) -> int:
        """See WordIndex.count."""
        return int(self._index.searcher().num_docs)

    def reload(self) -> None:
        """Sees what another process has committed."""
        self._index.reload()

    def _document(self, stored: StoredCase) -> tantivy.Document:
        case = stored.case
        texts = case_text(case)
        document = tantivy.Document()
        document.add_integer("case_id", stored.case_id)
        document.add_text("title", " ".join(pairs(texts.title)))
        document.add_text("situation", " ".join(pairs(texts.situation)))
        document.add_text("handling", " ".join(pairs(texts.handling)))
        document.add_text("words", " ".join(cut(texts.matter())))
        for name, value in (("district", case.district), ("kind", case.kind.value)):
            if value:
                document.add_text(name, value)
        if case.category:
            parts = case.category.split(".")
            for length in range(1, len(parts) + 1):  # itself and everything above it
                document.add_text("category", ".".join(parts[:length]))
            document.add_text("concept", case.category)
        for department in dict.fromkeys(case.departments):
            document.add_text("department", department)
        if case.occurred_at:
            document.add_integer("occurred", int(case.occurred_at.timestamp()))
        return document

    def _terms(self, text: str, concepts: Iterable[str]) -> list[Any]:
        pair_tokens = list(dict.fromkeys(pairs(text)))[:MAX_TERMS]
        word_tokens = list(dict.fromkeys(cut(text)))[:MAX_TERMS]
        terms = [
            tantivy.Query.boost_query(tantivy.Query.term_query(self._schema, name, token, "freq"), boost)
            for name, boost in BOOSTS.items()
            for token in (word_tokens if name == "words" else pair_tokens)
        ]
        terms += [tantivy.Query.term_query(self._schema, "concept", concept, "basic") for concept in concepts]
        return terms

    def _conditions(self, wanted: Wanted) -> list[Any]:
        conditions: list[Any] = [
            tantivy.Query.term_set_query(self._schema, name, list(values))
            for name, values in (
                ("district", wanted.districts),
                ("category", wanted.categories),
                ("department", wanted.departments),
                ("kind", wanted.kinds),
            )
            if values
        ]
        if wanted.since or wanted.until:
            conditions.append(
                tantivy.Query.range_query(
                    self._schema,
                    "occurred",
                    tantivy.FieldType.Integer,
                    lower_bound=_seconds(wanted.since),
                    upper_bound=_seconds(wanted.until),
                )
            )
        return conditions
