"""From a figure of the page of what was learned to the rows of the log behind it, and from these rows, as they are
given out, to the figure once more: whoever has the rows can check the figure.

Beside the figures of `assistant/learning/figures.py` a step of the gate (`gate:N`), what a model was fitted on
(`model:VERSION`) and the reason of a moved action (`moved:INTERACTION:SLOT`) can be traced.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from assistant.learning.advisor import Advisor
from assistant.learning.events import Event
from assistant.learning.figures import Values
from assistant.learning.insight import Insight
from assistant.learning.ledger import Entry
from assistant.learning.shelves import Shelf
from assistant.learning.sqllog import read_event
from knowledge.database import json_ready
from knowledge.errors import NotFound
from knowledge.interactions import Interactions, Proposal, ReactionRow
from knowledge.learning_log import EffectRow, EventRow, LearningLog, ProposalRow

__all__ = ["Trace", "Tracing", "entries_of"]

Row = Mapping[str, Any]
SOURCES = ("record", "official", "citizen")


@dataclass(frozen=True)
class Trace:
    """The rows behind a figure, ascending, as plain JSON values, and what the figure is when it is computed from these
    rows alone."""

    figure: str
    values: Values
    rows: Sequence[Row]


@dataclass(frozen=True)
class Tracing:
    """Traces figures over one data folder."""

    advisor: Advisor
    insight: Insight
    shelf: Shelf
    log: LearningLog
    interactions: Interactions

    def __call__(self, figure: str) -> Trace:
        """The rows of a figure. Raises NotFound for a figure that the page does not have."""
        what, _, rest = figure.partition(":")
        if what == "gate":
            return self._step(figure, rest)
        if what == "moved":
            return self._moved(figure, rest)
        rows = self.log.rows(self.insight.numbers(figure))
        entries = entries_of(rows)
        if what == "model":
            policy = self.advisor.fit(event for _, event in entries)
            same = policy.text() == self.shelf.get(rest).text
            made = {"choices": policy.acceptance.counted, "outcomes": policy.outcome.counted, "same_text": int(same)}
            return Trace(figure, made, rows)
        return Trace(figure, self.insight.figures().values(figure, entries), rows)

    def _step(self, figure: str, rest: str) -> Trace:
        steps = self.shelf.history()
        if not rest.isdigit() or not 0 < int(rest) <= len(steps):
            raise NotFound(f"there is no step {rest!r} of the gate; there are {len(steps)}, counted from 1")
        row = {"event": "gate", "number": int(rest), **vars(steps[int(rest) - 1])}
        return Trace(figure, {"number": int(rest)}, [json_ready(row)])

    def _moved(self, figure: str, rest: str) -> Trace:
        """The rows that were there when an action was moved, and the counts that its reason tells."""
        interaction_id, _, slot = rest.rpartition(":")
        actions = json.loads(self.interactions.recommendation(interaction_id)).get("actions", [])
        if not slot.isdigit() or int(slot) >= len(actions) or not actions[int(slot)].get("learned"):
            raise NotFound(f"action {slot} of interaction {interaction_id} gives no learned reason; name one that does")
        asked = next(row for row in self.log.trace(interaction_id) if row["event"] == "interaction")
        action_type = str(actions[int(slot)]["action_type"])
        behind = self.log.behind(action_type, asked["category"])
        rows = self.log.rows([number for number in behind if number < asked["number"]])
        return Trace(figure, {"moved": actions[int(slot)]["learned"]["moved"], **_counts(rows, action_type)}, rows)


def entries_of(rows: Iterable[Row]) -> list[Entry]:
    """Rows, as they were given out, as the numbered events they are; withdrawals and interactions without candidates
    are no events of learning and are left out."""
    found: list[tuple[int, Event]] = []
    for row in rows:
        if row["event"] == "interaction" and row["offers"] is not None:
            proposal = Proposal(
                row["context"], row["offers"], row["places"], row["seed"], row["mode"], row["champion"],
                row["challenger"],
            )  # fmt: skip
            asked = ProposalRow(row["interaction_id"], _time(row["asked_at"]), row["actor"], proposal)
            found.append((row["number"], read_event(asked)))
        elif row["event"] in ("reaction", "effect"):
            kind: type[ReactionRow] | type[EffectRow] = ReactionRow if row["event"] == "reaction" else EffectRow
            known = {one.name: row[one.name] for one in fields(kind) if one.name in row and one.name != "number"}
            event: EventRow = kind(**known | {"at": _time(row["at"])})
            found.append((row["number"], read_event(event)))
    return found


def _time(written: str) -> datetime:
    at = datetime.fromisoformat(written)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _counts(rows: Sequence[Row], action_type: str) -> dict[str, float | None]:
    """How often an action was decided on, adopted, known to have turned out, and worked, among rows of the log: the
    newest word of everyone for each place, one place one time; of several sources on an effect the first counts."""
    places = {
        (row["interaction_id"], shown["slot"])
        for row in rows
        if row["event"] == "interaction"
        for shown in row["shown"]
        if shown["action_type"] == action_type
    }
    said: dict[tuple[str, int], dict[str, str]] = {}
    told: dict[tuple[str, int], dict[str, bool | None]] = {}
    for row in sorted(rows, key=lambda row: int(row["number"])):
        place = (row["interaction_id"], row.get("slot", -1))
        if row["event"] == "reaction" and place in places:
            said.setdefault(place, {})[row["actor"]] = row["kind"]
        elif row["event"] == "effect" and place in places:
            told.setdefault(place, {})[row["source"]] = row["resolved"]
    decided = {place: {*kinds.values()} - {"withdraw"} for place, kinds in said.items()}
    adopted = [place for place, kinds in decided.items() if kinds & {"adopt", "edit"}]
    known = [_first(told.get(place, {})) for place in adopted]
    return {
        "decided": sum(bool(kinds) for kinds in decided.values()),
        "adopted": len(adopted),
        "known": sum(worked is not None for worked in known),
        "worked": sum(worked is True for worked in known),
    }


def _first(told: Mapping[str, bool | None]) -> bool | None:
    return next((told[source] for source in SOURCES if told.get(source) is not None), None)
