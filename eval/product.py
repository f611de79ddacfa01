"""The product itself as one more ranker: a fresh data folder, the cases written, the desk's own match."""

from collections.abc import Sequence
from pathlib import Path

from assistant.answer import Match, Situation, Verdict
from assistant.wiring import Workplace, open_workplace
from knowledge.case import Case

__all__ = ["Product"]


class Product:
    """Precedent over given cases in `home`, through the functions that the page uses."""

    def __init__(self, cases: Sequence[Case], home: Path) -> None:
        self.workplace: Workplace = open_workplace(home)
        for start in range(0, len(cases), 1000):
            self.workplace.records.write(cases[start : start + 1000])
        self.workplace.copies.sync()
        self.desk = self.workplace.desk

    def rank(self, text: str, k: int) -> list[str]:
        """External ids, best first."""
        return [m.external_id or "" for m in self.answer(text, k)[2]]

    def rank_together(self, texts: Sequence[str], k: int) -> list[list[str]]:
        """External ids for each of many questions asked in one file, as `precedent match --queries` does."""
        answers = self.desk.match_many([(text, ()) for text in texts], top=k)
        return [[m.external_id or "" for m in matches] for _, _, matches, _ in answers]

    def answer(self, text: str, k: int) -> tuple[Situation, Verdict, tuple[Match, ...]]:
        """Situation, verdict and matches."""
        return self.desk.match(text, top=k)
