"""Exact text similarity between a question and given cases: tf-idf cosine over hashed grams, kept up to date per case.

A derived copy like the indexes: for each approved case the grams of what it is about (title, place, situation), of how
it was handled, and of both together. Weights follow Salton and Buckley (1988): (1 + ln tf) · (ln((1 + N) / (1 + df))
+ 1), cosine normalised. Held in memory, saved as arrays to a folder where one is given.
"""

from collections.abc import Sequence
from pathlib import Path
from threading import RLock
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from knowledge.case import CaseStatus, StoredCase
from knowledge.casetext import case_text
from knowledge.grams import BUCKETS, Grams, gram_counts
from knowledge.stamp import Stamp

__all__ = ["FIELDS", "Profiles"]

FIELDS = ("matter", "handling", "whole")
FORMAT = "profiles-2"
Floats = NDArray[np.float32]


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

    def compare(self, question: Grams, case_ids: Sequence[int]) -> tuple[Floats, Floats]:
        """With each case: the cosine, and the share of the question's weight that stands in the case, both in 0..1;
        0 for an unknown case or an empty text."""
        cosines = np.zeros(len(case_ids), dtype=np.float32)
        coverage = np.zeros(len(case_ids), dtype=np.float32)
        rows = [(place, self.rows[i]) for place, i in enumerate(case_ids) if i in self.rows and len(self.rows[i].ids)]
        if not rows or not len(question.ids):
            return cosines, coverage
        weights = question.counts * self.idf(question.ids)
        dense = np.zeros(BUCKETS, dtype=np.float32)
        dense[question.ids] = weights / np.linalg.norm(weights)
        total = float(dense[question.ids].sum())
        ids = np.concatenate([grams.ids for _, grams in rows])
        values = np.concatenate([grams.counts for _, grams in rows]) * self.idf(ids)
        starts = np.cumsum([0, *[len(grams.ids) for _, grams in rows[:-1]]])
        dots = np.add.reduceat(values * dense[ids], starts)
        lengths = np.sqrt(np.add.reduceat(values * values, starts))
        places = [place for place, _ in rows]
        cosines[places] = np.clip(dots / lengths, 0.0, 1.0)
        coverage[places] = np.clip(np.add.reduceat(dense[ids], starts) / total, 0.0, 1.0)
        return cosines, coverage


class Profiles:
    """Gram profiles of all approved cases. Safe to use from several threads."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._stamp = Stamp(folder, FORMAT)
        self._lock = RLock()
        self._fields = {name: _Field() for name in FIELDS}
        self._applied = 0
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
            for stored in cases:
                if stored.case.status is not CaseStatus.APPROVED:
                    for field in self._fields.values():
                        field.take(stored.case_id)
                    continue
                texts = case_text(stored.case)
                matter = texts.matter()
                for name, text in zip(FIELDS, (matter, texts.handling, f"{matter}\n{texts.handling}"), strict=True):
                    self._fields[name].put(stored.case_id, _damp(gram_counts(text)))
            self._applied = max(change, self._applied)

    def compare(self, text: str, case_ids: Sequence[int]) -> dict[str, Floats]:
        """The text against each case, arrays of shape (len(case_ids),) in 0..1: `matter`, `handling` and `whole` are
        cosines with the fields, `coverage` is the share of the text's weight that stands anywhere in the case."""
        question = _damp(gram_counts(text))
        with self._lock:
            found = {name: field.compare(question, case_ids) for name, field in self._fields.items()}
        return {name: cosines for name, (cosines, _) in found.items()} | {"coverage": found["whole"][1]}

    def save(self) -> None:
        """Writes the profiles to the folder, if there is one and it is behind."""
        if self._folder is None:
            return
        with self._lock, self._stamp.lock():
            if self._applied <= self._stamp.read():
                return
            arrays: dict[str, NDArray[np.generic]] = {}
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
                for name, field in self._fields.items():
                    ends = np.cumsum(arrays[f"{name}_sizes"])
                    ids = np.split(arrays[f"{name}_ids"], ends)[:-1]
                    counts = np.split(arrays[f"{name}_counts"], ends)[:-1]
                    for case_id, i, c in zip(arrays[f"{name}_cases"], ids, counts, strict=True):
                        field.rows[int(case_id)] = Grams(i, c)
                    field.df = np.bincount(arrays[f"{name}_ids"], minlength=BUCKETS).astype(np.int32)
        except (OSError, EOFError, ValueError, KeyError, BadZipFile):  # a lost or damaged copy is built anew
            self._fields = {name: _Field() for name in FIELDS}
            self._stamp.wipe()
            return
        self._applied = change
