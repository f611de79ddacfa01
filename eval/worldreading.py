"""Any world of the five methods that `eval/worlds.py` describes, read leniently into what the learner takes.

Situations, candidates, reactions and outcomes may be objects, mappings or (candidates, reactions) tuples, and their
parts may go by several names. What is missing counts as unknown; what cannot be understood is a BadInput that says
where. Where a method does not take a candidate's index, the candidate itself or its action type is tried, and the form
that was taken is kept. Where a world names no people, forty stand-ins ask in turn. It knows no learner.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from assistant.learning.events import Context, Offer, Slate
from eval.worldparts import TurnedOut, number_or_none, part, read_offers, read_outcome, read_severity, text_of
from knowledge.errors import BadInput

__all__ = ["Heard", "Moment", "ReadWorld", "find_world", "make_world"]

Kind = Literal["adopt", "edit", "reject"]
STAND_INS, OFFICES = 40, 8
KINDS: Mapping[str, Kind | None] = {
    **dict.fromkeys(("adopt", "adopted", "accept", "accepted", "click", "clicked", "true"), "adopt"),
    **dict.fromkeys(("edit", "edited", "modify", "modified"), "edit"),
    **dict.fromkeys(("reject", "rejected", "decline", "declined", "dismiss", "false"), "reject"),
    **dict.fromkeys(("", "none", "ignore", "ignored", "skip", "nothing"), None),
}
REFUSALS = (TypeError, KeyError, ValueError, AttributeError, IndexError)


@dataclass(frozen=True)
class Moment:
    """A situation with its candidates: as the world gave them (`raw`, `given`), and as the learner takes them."""

    raw: Any
    given: tuple[Any, ...]
    context: Context
    offers: tuple[Offer, ...]
    actor: str


@dataclass(frozen=True)
class Heard:
    """A reaction: what somebody did with the action at a place (from 0)."""

    slot: int
    kind: Kind
    actor: str
    department: str | None


def find_world(name: str) -> Callable[..., Any]:
    """What `module:Class` names. Raises BadInput where there is no such thing."""
    module, _, called = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), called)
    except (ImportError, AttributeError, ValueError) as error:
        raise BadInput(f"World {name} cannot be found ({error}); write module:Class, importable from here") from error
    if not callable(found):
        raise BadInput(f"World {name} cannot be called; name a class, or a function that makes a world")
    return found  # type: ignore[no-any-return]


def make_world(make: Callable[..., Any], seed: int) -> Any:
    """A world by seed: made with `seed=`, with the seed alone, or with nothing, whatever it takes."""
    for arguments, named in (((), {"seed": seed}), ((seed,), {}), ((), {})):
        try:
            return make(*arguments, **named)
        except TypeError as error:
            refusal = error
    raise BadInput(f"World {make!r} takes neither a seed nor nothing ({refusal}); let it take seed=…")


class ReadWorld:
    """A world through which only the learner's records pass."""

    def __init__(self, world: Any) -> None:
        for method in ("situations", "candidates", "react", "outcome", "value"):
            if not callable(getattr(world, method, None)):
                raise BadInput(f"World {type(world).__name__} has no method {method}; see eval/worlds.py for all five")
        self.world = world
        self._moments = 0
        self._forms: dict[str, int] = {}

    @property
    def favoured(self) -> str | None:
        """The action type that a group pushes."""
        found = part(self.world, "favoured", "favored")
        return None if found is None else str(found)

    def honest(self, moment: Moment) -> bool:
        """Whether the person who asks is to be served."""
        judge = getattr(self.world, "honest", None)
        return bool(judge(moment.raw)) if callable(judge) else True

    def moments(self) -> Iterator[Moment]:
        """The situations, each with its candidates; where a world has an end, it begins again. Raises BadInput for a
        situation without candidates, and for a world without situations."""
        while True:
            before = self._moments
            for raw in self.world.situations():
                given = tuple(self.world.candidates(raw))
                if not given:
                    raise BadInput(f"Situation {self._moments} has no candidates; let candidates(s) give at least one")
                yield Moment(raw, given, self._context(raw), read_offers(given), self._actor(raw))
                self._moments += 1
            if self._moments == before:
                raise BadInput(f"World {type(self.world).__name__} has no situations; let situations() give some")

    def _context(self, raw: Any) -> Context:
        department = part(raw, "department", "office", "dept")
        if department is None and part(raw, "actor", "person", "official", "user") is None:
            department = f"department-{self._moments % STAND_INS % OFFICES}"
        return Context(
            severity=read_severity(part(raw, "severity", "level")),
            danger=bool(part(raw, "danger", "danger_to_life", "emergency", "life_in_danger")),
            category=text_of(part(raw, "category", "kind", "matter", "topic")),
            district=text_of(part(raw, "district", "place", "area", "region")),
            season=text_of(part(raw, "season", "quarter")),
            department=text_of(department),
        )

    def _actor(self, raw: Any) -> str:
        named = part(raw, "actor", "person", "official", "user")
        return f"person-{self._moments % STAND_INS:02}" if named is None else str(named)

    def value(self, moment: Moment, order: Sequence[int]) -> float:
        """nDCG@3 of an order (indices), in 0..1."""
        value = self._ask("value", moment, self._as_known(moment, order))
        return float(value)

    def react(self, moment: Moment, slate: Slate) -> tuple[Heard, ...]:
        """What people did with the shown places; of several reactions to one place the last one counts."""
        orders = self._as_known(moment, slate.order)
        raw = self._ask(
            "react", moment, [slate if at == 0 else _Shown(slate, order) for at, order in enumerate(orders)]
        )
        found: dict[tuple[int, str], Heard] = {}
        for one in raw:
            heard = self._heard(one, moment, slate)
            if heard is not None and 0 <= heard.slot < len(slate.teams):
                found[heard.slot, heard.actor] = heard
        return tuple(found.values())

    def _heard(self, one: Any, moment: Moment, slate: Slate) -> Heard | None:
        if isinstance(one, Sequence) and not isinstance(one, str):
            slot, kind, actor, department = (*one, None, None, None, None)[:4]
        else:
            slot, kind = part(one, "slot", "place", "position", "rank"), part(one, "kind", "reaction", "type", "label")
            actor, department = part(one, "actor", "person", "official", "user"), part(one, "department", "office")
            if slot is None:
                slot = _slot_of(part(one, "action", "candidate", "action_type", "index"), moment, slate)
        place, known, meaning = number_or_none(slot), *_meaning(kind)
        if place is None or not known:
            raise BadInput(f"Reaction {one!r} is not understood; give (slot, kind), the kind adopt, edit or reject")
        if meaning is None:
            return None
        own = actor is None
        office = moment.context.department if own and department is None else text_of(department)
        return Heard(int(place), meaning, moment.actor if own else str(actor), office)

    def outcome(self, moment: Moment, index: int) -> TurnedOut | None:
        """How an adopted candidate turned out; None where nobody will know."""
        forms = [moment.given[index], index, moment.offers[index].action_type]
        return read_outcome(self._ask("outcome", moment, forms))

    def _as_known(self, moment: Moment, order: Sequence[int]) -> list[Any]:
        """An order as indices, as candidates, as action types."""
        return [
            tuple(order),
            [moment.given[index] for index in order],
            [moment.offers[index].action_type for index in order],
        ]

    def _told(self, raw: Any, slate: Any) -> list[Any]:
        """The reactions, all at once: where they come bit by bit, a refusal shows only then."""
        return _each(self.world.react(raw, slate))

    def _ask(self, method: str, moment: Moment, forms: Sequence[Any]) -> Any:
        """Calls a method with the form that it takes; all are tried until one was taken."""
        ask = self._told if method == "react" else getattr(self.world, method)
        if method in self._forms:
            return ask(moment.raw, forms[self._forms[method]])
        refusal: Exception | None = None
        for at, form in enumerate(forms):
            try:
                answer = ask(moment.raw, form)
            except REFUSALS as error:
                refusal = refusal or error
                continue
            self._forms[method] = at
            return answer
        raise BadInput(f"{method} of world {type(self.world).__name__} takes no form of it: {refusal!r}") from refusal


@dataclass(frozen=True)
class _Shown:
    """A slate whose order is in another form."""

    slate: Slate
    order: Sequence[Any]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.slate, name)


def _each(raw: Any) -> list[Any]:
    """The reactions of an answer: none, a mapping of slot to kind, or any iterable."""
    if raw is None:
        return []
    return list(raw.items()) if isinstance(raw, Mapping) else list(raw)


def _meaning(kind: Any) -> tuple[bool, Kind | None]:
    """Whether a kind is understood, and which it is (None: nothing was done). A number means adopt from 1, edit between
    0 and 1, reject up to 0."""
    number = None if kind is None or isinstance(kind, bool) else number_or_none(kind)
    if number is not None:
        return True, "adopt" if number >= 1 else "edit" if number > 0 else "reject"
    word = str(getattr(kind, "value", kind)).strip().lower()
    return word in KINDS, KINDS.get(word)


def _slot_of(named: Any, moment: Moment, slate: Slate) -> int | None:
    """The place of an action that is named by itself, its index or its action type."""
    for slot, index in enumerate(slate.order):
        if named is moment.given[index] or named in (index, moment.offers[index].action_type):
            return slot
    return None
