"""The texts of a case as the indexes see them: its heading, its situation, how it was handled. Nothing is added."""

from dataclasses import dataclass

from knowledge.case import Case

__all__ = ["CaseText", "case_text"]


@dataclass(frozen=True)
class CaseText:
    """Three texts, each possibly empty: title with place; situation; actions, outcome and lessons."""

    title: str
    situation: str
    handling: str

    def matter(self) -> str:
        """Title and situation: what it is about."""
        return f"{self.title}\n{self.situation}"


def case_text(case: Case) -> CaseText:
    """The three texts of a case.

    >>> case_text(Case(situation="停电", place="东岭路")).title
    '东岭路'
    """
    handling = [action.text for action in case.actions]
    if case.outcome and case.outcome.summary:
        handling.append(case.outcome.summary)
    if case.lessons:
        handling.append(case.lessons)
    title = " ".join(part for part in (case.title, case.place) if part)
    return CaseText(title=title, situation=case.situation, handling="\n".join(handling))
