"""Exact text similarity between a question and given cases: tf-idf cosine over hashed grams, kept up to date per case.

A derived copy like the indexes: for each approved case the grams of what it is about (title, place, situation), of how
it was handled, and of both together the words and the pairs of syllables. Weights follow Salton and Buckley (1988):
(1 + ln tf) · (ln((1 + N) / (1 + df)) + 1), cosine normalised. Held in memory, saved as arrays where a folder is given.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import RLock
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from knowledge.case import CaseStatus, StoredCase
from knowledge.casetext import case_text
from knowledge.grams import BUCKETS, Grams, term_counts, word_counts
from knowledge.kinds import CaseMeanings, Knownness, SharedKind
from knowledge.lexicon import read_lexicon
from knowledge.meaning import Meaning, read_meaning
from knowledge.sound import sound_counts
from knowledge.stamp import Stamp
from knowledge.taxonomy import read_taxonomy

__all__ = ["FIELDS", "Profiles", "lead_of"]

FIELDS: dict[str, Callable[[str], Grams]] = {
    "matter": term_counts,
    "handling": term_counts,
    "words": word_counts,
    "sound": sound_counts,
}
FORMAT = "profiles-6"
MEANING_CHARACTERS = 2_000  # of title, place and situation together, and of the handling
Floats = NDArray[np.float32]


_LEAD = re.compile(r"[\n。！？!?]")
ENOUGH = 100  # cases from which on it can be said which words are common
LEAD_LENGTH = 60  # characters of a question's opening


def lead_of(text: str) -> str:
    """A question's opening: its first line or sentence, at most 60 characters; it often says the matter.

    >>> lead_of("路灯不亮\\n已经三天了")
    '路灯不亮'
    """
    return _LEAD.split(text.strip(), maxsplit=1)[0][:LEAD_LENGTH]


def _damp(grams: Grams) -> Grams:
    """Counts as 1 + ln(count)."""
    return Grams(grams.ids, (1.0 + np.log(grams.counts)).astype(np.float32))


class _Field:
    """The grams of one field of all cases, with document frequencies."""

    def __init__(self) -> None:
        self.rows: dict[int, Grams] = {}
        self.df = np.zeros(BUCKETS, dtype=np.int32)

    def put(self, case_id: int, grams: Grams) -> None:
        self.take(case_id)
        self.rows[case_id] = grams
        self.df[grams.ids] += 1

    def take(self, case_id: int) -> None:
        before = self.rows.pop(case_id, None)
        if before is not None:
            self.df[before.ids] -= 1

    def idf(self, ids: NDArray[np.uint32]) -> Floats:
        return np.asarray(np.log((1.0 + len(self.rows)) / (1.0 + self.df[ids])) + 1.0, dtype=np.float32)

    def compare(self, questions: Sequence[Grams], case_ids: Sequence[int]) -> "list[_Comparison]":
        """Each question against each case; zeros for an unknown case or an empty text."""
        rows = [(place, self.rows[i]) for place, i in enumerate(case_ids) if i in self.rows and len(self.rows[i].ids)]
        if not rows:
            return [replace(_nothing(len(case_ids)), asked=self._square(question)) for question in questions]
        ids = np.concatenate([grams.ids for _, grams in rows])
        values = np.concatenate([grams.counts for _, grams in rows]) * self.idf(ids)
        starts = np.cumsum([0, *[len(grams.ids) for _, grams in rows[:-1]]])
        squares = np.add.reduceat(values * values, starts)
        places = [place for place, _ in rows]
        dense = np.zeros(BUCKETS, dtype=np.float32)
        compared = []
        for question in questions:
            found = _nothing(len(case_ids))
            if len(question.ids):
                weights = question.counts * self.idf(question.ids)
                dense[question.ids] = weights
                asked = dense[ids]
                dense[question.ids] = 0.0
                found.dots[places] = np.add.reduceat(values * asked, starts)
                found.squares[places] = squares
                found.shared[places] = np.add.reduceat(asked, starts) / weights.sum()
            compared.append(replace(found, asked=self._square(question)))
        return compared

    def _square(self, question: Grams) -> float:
        """The squared length of a question among the cases of this field."""
        weights = question.counts * self.idf(question.ids)
        return float(weights @ weights)


@dataclass(frozen=True)
class _Comparison:
    """Of one field with each case: dot products, squared lengths of the cases, the share of the question's weight that
    stands in the case; `asked` is the squared length of the question."""

    dots: Floats
    squares: Floats
    shared: Floats
    asked: float

    def cosines(self) -> Floats:
        return _cosine(self.dots, self.squares, self.asked)


def _nothing(size: int) -> _Comparison:
    return _Comparison(np.zeros(size, np.float32), np.zeros(size, np.float32), np.zeros(size, np.float32), 0.0)


def _cosine(dots: Floats, squares: Floats, asked: float | Floats) -> Floats:
    lengths = np.sqrt(squares * asked)
    ratio = np.divide(dots, lengths, out=np.zeros_like(dots), where=lengths > 0)
    return np.asarray(np.clip(ratio, 0.0, 1.0), dtype=np.float32)


def _both(matter: _Comparison, handling: _Comparison) -> Floats:
    """The cosine with matter and handling side by side (two spaces, the question in each); a case that lacks one of
    them is compared by the other alone."""
    asked = matter.asked * (matter.squares > 0) + handling.asked * (handling.squares > 0)
    return _cosine(matter.dots + handling.dots, matter.squares + handling.squares, asked.astype(np.float32))


class Profiles:
    """Gram profiles of all approved cases. Safe to use from several threads."""

    def __init__(self, folder: Path | None = None, meaning: Meaning | None = None) -> None:
        self._folder = folder
        self._meanings = CaseMeanings(meaning or read_meaning(read_lexicon(read_taxonomy())))
        self._stamp = Stamp(folder, f"{FORMAT} {self._meanings.meaning.name}")
        self._lock = RLock()
        self._fields = {name: _Field() for name in FIELDS}
        self._applied = 0
        self._common: dict[str, float] = {}
        self._known: Knownness | None = None
        if folder is not None:
            with self._stamp.lock():
                if self._stamp.is_foreign():
                    self._stamp.wipe()
                self._load(folder)

    def applied(self) -> int:
        """The last change number applied."""
        return self._applied

    def count(self) -> int:
        """How many cases have a profile."""
        return len(self._fields["matter"].rows)

    def apply(self, cases: Sequence[StoredCase], change: int) -> None:
        """Puts approved cases in, takes others out, remembers `change`."""
        with self._lock:
            self._common.clear()
            self._known = None
            about: dict[int, str] = {}
            for stored in cases:
                if stored.case.status is not CaseStatus.APPROVED:
                    self._meanings.take(stored.case_id)
                    about.pop(stored.case_id, None)
                    for field in self._fields.values():
                        field.take(stored.case_id)
                    continue
                texts = case_text(stored.case)
                matter = texts.matter()
                about[stored.case_id] = f"{matter[:MEANING_CHARACTERS]}\n{texts.handling[:MEANING_CHARACTERS]}"
                own = {"matter": matter, "handling": texts.handling}
                whole = f"{matter}\n{texts.handling}"
                for name, counts in FIELDS.items():
                    self._fields[name].put(stored.case_id, _damp(counts(own.get(name, whole))))
            if about:
                self._meanings.put(list(about), list(about.values()))
            self._applied = max(change, self._applied)

    def compare(self, text: str, case_ids: Sequence[int]) -> dict[str, Floats]:
        """The text against each case, arrays of shape (len(case_ids),) in 0..1: cosines with each of FIELDS; `whole` is
        that with matter and handling together, `lead` the same for the text's opening alone; `coverage` is the share of
        the text's weight that stands in the case's matter; `meaning` and `kind` see knowledge.kinds."""
        opening = _damp(term_counts(lead_of(text)))
        with self._lock:
            compared = {
                name: self._fields[name].compare([_damp(counts(text)), opening], case_ids)
                for name, counts in FIELDS.items()
            }
            meant = self._meanings.compare(text, case_ids)
        return {
            **meant,
            **{name: found[0].cosines() for name, found in compared.items()},
            "whole": _both(compared["matter"][0], compared["handling"][0]),
            "lead": _both(compared["matter"][1], compared["handling"][1]),
            "coverage": np.clip(compared["matter"][0].shared, 0.0, 1.0),
        }

    def shared_kind(self, text: str, case_id: int) -> SharedKind | None:
        """The kind of matter that a text and a case have most in common; None where there is none."""
        with self._lock:
            return self._meanings.shared(text, case_id)

    def knownness(self) -> Knownness:
        """How far the case base is about the known kinds of matter."""
        with self._lock:
            if self._known is None:
                self._known = self._meanings.knownness()
            return self._known

    def commonness(self, word: str) -> float:
        """The share (0..1) of the cases that have this word; 0 while there are fewer than a hundred cases to tell."""
        with self._lock:
            if word not in self._common:
                ids = word_counts(word).ids
                field = self._fields["words"]
                enough = len(field.rows) >= ENOUGH and len(ids) > 0
                self._common[word] = float(field.df[ids].min()) / len(field.rows) if enough else 0.0
            return self._common[word]

    def save(self) -> None:
        """Writes the profiles to the folder, if there is one and it is behind."""
        if self._folder is None:
            return
        with self._lock, self._stamp.lock():
            if self._applied <= self._stamp.read():
                return
            arrays = self._meanings.arrays()
            for name, field in self._fields.items():
                rows = list(field.rows.values())
                arrays[f"{name}_cases"] = np.fromiter(field.rows, dtype=np.int64, count=len(rows))
                arrays[f"{name}_sizes"] = np.asarray([len(g.ids) for g in rows], dtype=np.int64)
                arrays[f"{name}_ids"] = np.concatenate([g.ids for g in rows]) if rows else np.empty(0, np.uint32)
                arrays[f"{name}_counts"] = np.concatenate([g.counts for g in rows]) if rows else np.empty(0, np.float32)
            temporary = self._folder / "profiles.tmp.npz"
            np.savez(temporary, allow_pickle=False, **arrays)
            temporary.replace(self._folder / "profiles.npz")
            self._stamp.write(self._applied)

    def _load(self, folder: Path) -> None:
        change = self._stamp.read()
        if not change:
            return
        try:
            with (folder / "profiles.npz").open("rb") as stream, np.load(stream) as arrays:
                self._meanings.load(arrays)
                for name, field in self._fields.items():
                    ends = np.cumsum(arrays[f"{name}_sizes"])
                    ids = np.split(arrays[f"{name}_ids"], ends)[:-1]
                    counts = np.split(arrays[f"{name}_counts"], ends)[:-1]
                    for case_id, i, c in zip(arrays[f"{name}_cases"], ids, counts, strict=True):
                        field.rows[int(case_id)] = Grams(i, c)
                    field.df = np.bincount(arrays[f"{name}_ids"], minlength=BUCKETS).astype(np.int32)
        except (OSError, EOFError, ValueError, KeyError, BadZipFile):  # a lost or damaged copy is built anew
            self._fields = {name: _Field() for name in FIELDS}
            self._meanings.rows.clear()
            self._stamp.wipe()
            return
        self._applied = change
