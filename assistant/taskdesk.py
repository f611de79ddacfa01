"""The desk of tasks: from an adopted action to a task, from a task to an outcome, from a closed matter to a draft case.
Pages, API and commands call only this.

What follows from a step (the learner is told how an action turned out, a closed matter becomes a draft) is done after
the step is kept, and marked as done; what a crash left undone is caught up with. Doing it twice is doing it once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from pydantic import ValidationError

from assistant.answer import RankedAction, Recommendation, Situation
from assistant.drafting import Draft, Drafting
from assistant.learning.events import Effect
from assistant.opentasks import OpenTask, OpenTasks, about
from assistant.taskeffect import effects_of
from assistant.taskstep import Handing, default_due, next_step
from knowledge.case import Case, Outcome, StoredCase
from knowledge.errors import BadInput, NotFound
from knowledge.task import Person, Step, Task
from knowledge.tasks import Tasks
from knowledge.taxonomy import Taxonomy

__all__ = ["Board", "Draft", "OpenTask", "TaskDesk"]

_TITLE = 60  # characters of the instructions that make a title
_SETTLES = ("done", "verify", "reopen", "cancel")  # steps from which something follows


@dataclass(frozen=True)
class Board:
    """Tasks as a person sees them, newest first: `mine` (assigned to the person), `department` (handed to the person's
    department), `issued` (that the person issued)."""

    mine: tuple[Task, ...]
    department: tuple[Task, ...]
    issued: tuple[Task, ...]


@dataclass(frozen=True)
class TaskDesk:
    """One per process; safe to use from several threads. `answers` gives an answer as it was shown (NotFound where it
    never was), `understand` reads a situation from a text, `on_effect` is told how actions turned out."""

    store: Tasks
    drafting: Drafting
    like: OpenTasks
    taxonomy: Taxonomy
    answers: Callable[[str], Recommendation]
    understand: Callable[[str], Situation]
    on_effect: Callable[[Effect], object]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    # tasks

    def issue(
        self, interaction_id: str, by: Person, *, slot: int | None, department: str | None, instructions: str,
        title: str | None = None, assignee: str | None = None, due: datetime | None = None, client_id: str,
    ) -> Task:  # fmt: skip
        """Hands an action of an answer to a department; the same client_id again gives the same task. Where no
        department is named it is the action's own; where no time is named it follows from the action: four hours, the
        end of the day, or a week. Raises NotFound for an answer or place that was never shown, BadInput for empty
        instructions, a department that does not exist, nobody to do it, or a due time in the past."""
        answer = self.answers(interaction_id)
        known = self.store.known(interaction_id, client_id)
        if known is not None:
            return known
        if not client_id or len(client_id) > 100:
            raise BadInput("a task needs a client_id of 1 to 100 characters, a new one for each task")
        action = _action(answer, slot)
        now = self.clock()
        text = instructions.strip()
        if not text:
            raise BadInput("the instructions are empty; write what is to be done")
        handed = self._department(department) or (self._own(action) if action else None)
        doer = (assignee or "").strip() or None
        if handed is None and doer is None:
            raise BadInput("the task is handed to nobody; name a department or a person")
        try:
            task = Task(
                matter=interaction_id,
                slot=slot,
                title=_title(title, text),
                instructions=text,
                action_type=action.action_type if action else "other",
                department=handed,
                assignee=doer,
                due=due or default_due(action.when if action else "today", now),
                issued_by=by.name,
                issuer_department=by.department,
                issued_at=now,
                updated_at=now,
            )
        except ValidationError as error:
            wrong = error.errors()[0]
            raise BadInput(f"{wrong['loc'][0]} of the new task cannot be used: {wrong['msg'].lower()}") from error
        if task.due is not None and task.due <= now:
            raise BadInput(f"the task would be due at {task.due.isoformat()}, which has passed; choose a later time")
        return self.store.add(task, client_id, about=about(answer.situation))[0]

    def step(
        self, task_id: int, kind: str, by: Person, *, text: str | None = None, outcome: Outcome | None = None,
        version: int | None = None, department: str | None = None, assignee: str | None = None,
        due: datetime | None = None, instructions: str | None = None,
    ) -> Task:  # fmt: skip
        """Takes a step (see knowledge.task.STEPS). "return" and "reopen" need a text, "done" an outcome; its days are
        computed where they are not given. "verify" is for somebody else than who did it, and may correct the outcome.
        "reissue" may name another department, person, time or other instructions. `version` is the one that the person
        saw: BadInput where another has been faster. Raises NotFound; BadInput for a step that the state does not
        allow."""
        handing = Handing(
            department=self._department(department),
            assignee=(assignee or "").strip() or None,
            due=due,
            instructions=(instructions or "").strip() or None,
        )
        taken = partial(next_step, kind=kind, by=by, at=self.clock(), text=text, outcome=outcome, handing=handing)
        follows = kind in _SETTLES
        task = self.store.change(task_id, taken, version=version, unsettled=follows)
        if follows:
            self._settle(task)
        return task

    def task(self, task_id: int) -> tuple[Task, Sequence[Step]]:
        """A task with its history, oldest first. Raises NotFound."""
        return self.store.get(task_id), self.store.history(task_id)

    def board(self, person: Person, limit: int = 200) -> Board:
        """What concerns a person."""
        return Board(
            mine=self.store.assigned(person.name, limit),
            department=self.store.handed(person.department, limit) if person.department else (),
            issued=self.store.issued(person.name, limit),
        )

    def of_matter(self, interaction_id: str) -> Sequence[Task]:
        """The tasks that came from an answer, oldest first."""
        return self.store.of_matter(interaction_id)

    def overdue(self, now: datetime | None = None, limit: int = 200) -> Sequence[Task]:
        """Open tasks whose time has passed, the longest overdue first."""
        return self.store.overdue(now or self.clock(), limit)

    def open_like(self, asked: str | Situation, *, limit: int = 5) -> Sequence[OpenTask]:
        """Open tasks of the last thirty days on what seems to be the same matter as a text or a situation, each with
        its reasons: those at the same place first, then the newest."""
        situation = self.understand(asked) if isinstance(asked, str) else asked
        return self.like(situation, self.clock(), limit=limit)

    # drafts

    def drafts(self, limit: int = 100) -> Sequence[Draft]:
        """Drafts that wait, the last changed first, without the cases that are alike."""
        self.catch_up()
        return self.drafting.waiting(limit)

    def waiting_drafts(self) -> int:
        """How many drafts wait, for a number beside a link: fast, and without catching up."""
        return self.drafting.made.count()

    def draft(self, case_id: int) -> Draft:
        """One draft, with the cases that are alike. Raises NotFound where there is none of that id, or it is no draft
        any more."""
        return self.drafting.get(case_id)

    def amend(self, case_id: int, case: Case, by: Person, *, version: int) -> Draft:
        """Changes a draft; its external id, source and status stay. BadInput where another version is there by now."""
        return self.drafting.amend(case_id, case, by, version=version, at=self.clock())

    def approve(self, case_id: int, by: Person, *, version: int) -> StoredCase:
        """Puts a draft among the cases that answer. BadInput where another version is there by now."""
        return self.drafting.approve(case_id, by, version=version, at=self.clock())

    def dismiss(self, case_id: int, by: Person, reason: str) -> None:
        """Retires a draft that is not to become a case. BadInput without a reason."""
        self.drafting.dismiss(case_id, by, reason, at=self.clock())

    # what follows

    def catch_up(self) -> int:
        """Does what is still to follow from earlier steps (after a crash); gives the number of tasks."""
        waiting = self.store.unsettled()
        for task in waiting:
            self._settle(task)
        return len(waiting)

    def _settle(self, task: Task) -> None:
        for effect in effects_of(task, self.store.history(task.task_id)):
            self.on_effect(effect)
        self.drafting.settle(task.matter, self.clock())
        self.store.settled(task)

    def _department(self, named: str | None) -> str | None:
        """The id of a department that is named by id, name or synonym."""
        wanted = (named or "").strip()
        if not wanted:
            return None
        if wanted in self.taxonomy.department_by_id:
            return wanted
        found = self.taxonomy.resolve_department(wanted)
        if found is None:
            raise BadInput(f"there is no department {wanted!r}; take one of the taxonomy (departments.csv)")
        return found

    def _own(self, action: RankedAction) -> str | None:
        return self.taxonomy.resolve_department(action.department) if action.department else None


def _action(answer: Recommendation, slot: int | None) -> RankedAction | None:
    if slot is None:
        return None
    if not 0 <= slot < len(answer.actions):
        raise NotFound(
            f"no action {slot} was shown in interaction {answer.interaction_id}; take one of its {len(answer.actions)}"
        )
    return answer.actions[slot]


def _title(title: str | None, instructions: str) -> str:
    given = (title or "").strip()
    if given:
        return given
    first = instructions.splitlines()[0].strip()
    return first if len(first) <= _TITLE else first[: _TITLE - 1] + "…"
