"""The drafts that wait for a curator: made once per matter when it is closed, brought up to date by later tasks, and
changed, approved or dismissed by a person.

What a draft holds is known to `draftcase`. A matter whose draft was approved or dismissed makes no other one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock

from assistant.answer import Recommendation
from assistant.draftcase import Worked, brought_up_to_date, draft_case, draft_id, is_closed
from knowledge.case import Case, CaseStatus, StoredCase
from knowledge.errors import BadInput, NotFound
from knowledge.matter_drafts import DraftStep, MadeDraft, MatterDrafts
from knowledge.places import Gazetteer
from knowledge.records import Records
from knowledge.task import Person, Task
from knowledge.tasks import Tasks
from knowledge.text import MAX_QUESTION

__all__ = ["Alike", "Draft", "Drafting"]

Alike = Callable[[str], Sequence[tuple[int, str, float]]]


@dataclass(frozen=True)
class Draft:
    """A case that waits for a curator: the stored draft, the tasks it was made from, the question that began it
    (masked), and cases that say nearly the same (id, heading, score in 0..1)."""

    stored: StoredCase
    tasks: tuple[Task, ...]
    question: str
    alike: tuple[tuple[int, str, float], ...] = ()


@dataclass(frozen=True)
class Drafting:
    """`answers` gives what was answered in a matter, `mask_all` masks texts that belong together, `alike` finds cases
    that say nearly the same as a text. Safe to use from several threads."""

    tasks: Tasks
    records: Records
    made: MatterDrafts
    answers: Callable[[str], Recommendation]
    mask_all: Callable[[Sequence[str]], tuple[str, ...]]
    gazetteer: Gazetteer
    alike: Alike
    _lock: RLock = field(default_factory=RLock, compare=False, repr=False)

    def settle(self, matter: str, at: datetime) -> StoredCase | None:
        """Makes the draft of a matter, or brings it up to date, where the matter is closed; gives it, or None where it
        is not closed, or its draft is none any more. Doing it twice changes nothing."""
        tasks = self.tasks.of_matter(matter)
        if not is_closed(tasks):
            return None
        worked: list[Worked] = [(task, self.tasks.history(task.task_id)) for task in tasks]
        fresh = draft_case(self.answers(matter), worked, mask_all=self.mask_all, gazetteer=self.gazetteer)
        with self._lock:
            before, made = self.records.find(draft_id(matter)), self.made.of_matter(matter)
            if before is not None and before.case.status is not CaseStatus.DRAFT:
                return None
            if before is not None:
                case = brought_up_to_date(before.case, made.made if made else before.case, fresh)
            else:
                case = fresh
            stored = self._written(case, before.version if before else 0)
            if made is None or made.made != fresh:
                self.made.keep(MadeDraft(matter, stored.case_id, fresh), at)
        return stored

    def waiting(self, limit: int = 100) -> tuple[Draft, ...]:
        """Drafts that wait, the last changed first, without those that are alike."""
        made = self.made.waiting(limit)
        stored = self.records.get([draft.case_id for draft in made])
        return tuple(self._draft(draft, stored[draft.case_id]) for draft in made)

    def get(self, case_id: int) -> Draft:
        """One draft, with cases that are alike. Raises NotFound where there is none of that id, or none any more."""
        made, stored = self._open(case_id)
        draft = self._draft(made, stored)
        said = "\n".join(text for text in (stored.case.title, stored.case.situation) if text)[:MAX_QUESTION]
        alike = tuple(near for near in self.alike(said) if near[0] != case_id)
        return Draft(draft.stored, draft.tasks, draft.question, alike)

    def amend(self, case_id: int, case: Case, by: Person, *, version: int, at: datetime) -> Draft:
        """Changes a draft; its external id, its source and its status stay. Raises NotFound, and BadInput where it is
        not at `version` any more."""
        with self._lock:
            made, stored = self._open(case_id, version)
            kept = {"external_id": stored.case.external_id, "source": stored.case.source, "status": CaseStatus.DRAFT}
            written = self._written(case.model_copy(update=kept), stored.version)
            if written.version != stored.version:
                self.made.note(DraftStep(case_id, "amended", by.name, at, written.version))
        return self._draft(made, written)

    def approve(self, case_id: int, by: Person, *, version: int, at: datetime) -> StoredCase:
        """Puts a draft among the cases that answer. Raises as `amend`."""
        with self._lock:
            _, stored = self._open(case_id, version)
            return self._decided(stored, CaseStatus.APPROVED, DraftStep(case_id, "approved", by.name, at, 0))

    def dismiss(self, case_id: int, by: Person, reason: str, *, at: datetime) -> StoredCase:
        """Retires a draft. Raises NotFound, and BadInput without a reason."""
        said = reason.strip()
        if not said:
            raise BadInput("a draft is dismissed with a reason; say why it is not to become a case")
        with self._lock:
            _, stored = self._open(case_id)
            return self._decided(stored, CaseStatus.RETIRED, DraftStep(case_id, "dismissed", by.name, at, 0, said))

    def steps(self, case_id: int) -> Sequence[DraftStep]:
        """What people did with a draft, oldest first."""
        return self.made.steps(case_id)

    def _decided(self, stored: StoredCase, status: CaseStatus, step: DraftStep) -> StoredCase:
        written = self._written(stored.case.model_copy(update={"status": status}), stored.version)
        self.made.note(DraftStep(step.case_id, step.kind, step.by, step.at, written.version, step.reason))
        return written

    def _open(self, case_id: int, version: int | None = None) -> tuple[MadeDraft, StoredCase]:
        made, stored = self.made.of_case(case_id), self.records.get([case_id]).get(case_id)
        if made is None or stored is None:
            raise NotFound(f"there is no draft {case_id}; the list of drafts shows those that wait")
        if stored.case.status is not CaseStatus.DRAFT:
            raise NotFound(f"case {case_id} is {stored.case.status} and no draft any more; open it as a case")
        if version is not None and version != stored.version:
            raise BadInput(
                f"draft {case_id} was changed meanwhile (version {stored.version}, not {version}); open it again, then "
                "decide"
            )
        return made, stored

    def _written(self, case: Case, seen: int) -> StoredCase:
        self.records.write([case], seen=seen)
        stored = self.records.find(case.external_id or "")
        assert stored is not None  # it has just been written
        return stored

    def _draft(self, made: MadeDraft, stored: StoredCase) -> Draft:
        question = self.answers(made.matter).situation.text
        masked = "\n".join(self.mask_all(question.split("\n")))
        return Draft(stored, self.tasks.of_matter(made.matter), masked)
