"""A draft case as the fields of a form, and back: what a curator may change, what is wrong with it, what differs.

Fields have plain names (`title`, `outcome-days`, `action-0-text`); an action whose text is empty is left out. What the
form does not show of a case stays as it was. It knows no HTML and no words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from knowledge.case import Action, ActionResult, Case, Outcome
from knowledge.places import Gazetteer
from knowledge.taxonomy import Taxonomy

__all__ = ["FIELDS", "Problem", "Reading", "action_rows", "changed", "is_field", "read_case", "values_of"]

_PLAIN = ("title", "situation", "category", "district", "place", "severity", "lessons")
_OUTCOME = ("resolved", "days", "satisfaction", "recurred", "summary")
_ACTION = ("text", "type", "department", "result", "note", "taken_at")
FIELDS = (*_PLAIN, *(f"outcome-{name}" for name in _OUTCOME))
_ROW = re.compile(r"action-([0-9]{1,3})-text")
_PART = re.compile(rf"action-[0-9]{{1,3}}-({'|'.join(_ACTION)})")
_MOST_ACTIONS = 200
_YES = {True: "yes", False: "no", None: ""}
_RANGES = {"outcome-days": (0, 36_500), "outcome-satisfaction": (1, 5)}


@dataclass(frozen=True)
class Problem:
    """What is wrong with a field: a key of the section `draft` of the texts, and its values."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """A form as it was read: the case, or what is wrong with which field."""

    case: Case | None
    problems: Mapping[str, Problem] = field(default_factory=dict)


def is_field(name: str) -> bool:
    """Whether a name is that of a field of the form.

    >>> is_field("outcome-days"), is_field("action-3-note"), is_field("action-x-note")
    (True, True, False)
    """
    return name in FIELDS or _PART.fullmatch(name) is not None


def values_of(case: Case) -> dict[str, str]:
    """The case as fields.

    >>> values_of(Case(situation="路灯不亮", severity=4))["severity"]
    '4'
    """
    ended = case.outcome or Outcome()
    values = {name: str(getattr(case, name) or "") for name in _PLAIN}
    values |= {
        "outcome-resolved": _YES[ended.resolved],
        "outcome-days": _number(ended.days),
        "outcome-satisfaction": _number(ended.satisfaction),
        "outcome-recurred": _YES[ended.recurred],
        "outcome-summary": ended.summary or "",
    }
    for row, action in enumerate(case.actions):
        told = (action.text, action.action_type, action.department or "", action.result.value, action.note or "",
                action.taken_at.isoformat() if action.taken_at else "")  # fmt: skip
        values |= {f"action-{row}-{name}": text for name, text in zip(_ACTION, told, strict=True)}
    return values


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def action_rows(values: Mapping[str, str]) -> tuple[int, ...]:
    """The numbers of the actions that have fields, in their order.

    >>> action_rows({"action-2-text": "抽排", "action-0-text": "", "title": "x"})
    (0, 2)
    """
    return tuple(sorted(int(found[1]) for name in values if (found := _ROW.fullmatch(name))))[:_MOST_ACTIONS]


def changed(before: Case, after: Case) -> tuple[str, ...]:
    """The fields that differ, in the order of the form; actions by their number in `after`, else in `before`."""
    old, new = values_of(before), values_of(after)
    plain = [name for name in FIELDS if old[name] != new[name]]
    rows = sorted({*action_rows(old), *action_rows(new)})
    lines = [
        f"action-{row}-{name}"
        for row in rows
        for name in _ACTION
        if old.get(f"action-{row}-{name}", "") != new.get(f"action-{row}-{name}", "")
    ]
    return (*plain, *lines)


def read_case(values: Mapping[str, str], base: Case, *, taxonomy: Taxonomy, gazetteer: Gazetteer) -> Reading:
    """The case that a form describes; what the form does not show comes from `base`."""
    problems: dict[str, Problem] = {}
    kept = values_of(base)

    def choice(name: str, known: Mapping[str, Any]) -> str | None:
        value, kind = values.get(name, ""), name.rpartition("-")[2]
        as_before = any(value == old for other, old in kept.items() if other.rpartition("-")[2] == kind)
        if value and value not in known and not as_before:
            problems[name] = Problem("wrong_choice")
        return value or None

    told: dict[str, Any] = {name: values.get(name, "").strip() or None for name in ("title", "place", "lessons")}
    told["situation"] = values.get("situation", "").strip()
    told["category"] = choice("category", taxonomy.category_by_id)
    told["district"] = choice("district", gazetteer.by_id)
    severity = values.get("severity", "")
    if severity and severity not in ("1", "2", "3", "4"):
        problems["severity"] = Problem("wrong_choice")
    told["severity"] = int(severity) if severity in ("1", "2", "3", "4") else None
    told["outcome"] = _outcome(values, base, problems)
    actions = []
    for row in action_rows(values):
        text = values[f"action-{row}-text"].strip()
        if text:
            actions.append(_action(values, row, text, problems, choice, taxonomy))
    told["actions"] = tuple(action for action in actions if action is not None)
    return _case(base, told, problems)


def _action(
    values: Mapping[str, str], row: int, text: str, problems: dict[str, Problem], choice: Any, taxonomy: Taxonomy
) -> Action | None:
    name = f"action-{row}-"
    result = values.get(f"{name}result", "unknown")
    told = {
        "text": text,
        "action_type": choice(f"{name}type", taxonomy.action_type_by_id) or "other",
        "department": choice(f"{name}department", taxonomy.department_by_id),
        "result": result if result in set(ActionResult) else "unknown",
        "note": values.get(f"{name}note", "").strip() or None,
        "taken_at": values.get(f"{name}taken_at", "") or None,
    }
    try:
        return Action.model_validate(told)
    except ValidationError as error:
        _note(problems, error, lambda place: f"{name}{'type' if place == 'action_type' else place}")
        return None


def _outcome(values: Mapping[str, str], base: Case, problems: dict[str, Problem]) -> Outcome | None:
    """The outcome; None where nothing is said of it, and nothing was."""
    truth = {"yes": True, "no": False}
    told: dict[str, Any] = {
        "resolved": truth.get(values.get("outcome-resolved", "")),
        "recurred": truth.get(values.get("outcome-recurred", "")),
        "summary": values.get("outcome-summary", "").strip() or None,
    }
    for name, (low, high) in _RANGES.items():
        text = values.get(name, "").strip()
        try:
            value = float(text) if text else None
        except ValueError:
            value = float("nan")
        if value is not None and not low <= value <= high:
            problems[name] = Problem("wrong_number", {"low": low, "high": high})
            value = None
        told[name.removeprefix("outcome-")] = value
    if base.outcome is None and all(value is None for value in told.values()):
        return None
    try:
        return Outcome.model_validate(told)
    except ValidationError as error:
        _note(problems, error, lambda place: f"outcome-{place}")
        return None


def _case(base: Case, told: Mapping[str, Any], problems: dict[str, Problem]) -> Reading:
    try:
        case = Case.model_validate({**dict(base), **told})
    except ValidationError as error:
        _note(problems, error, str)
        return Reading(None, problems)
    return Reading(None if problems else case, problems)


def _note(problems: dict[str, Problem], error: ValidationError, named: Any) -> None:
    for one in error.errors():
        place = named(str(one["loc"][0])) if one["loc"] else "situation"
        if one["type"] == "string_too_short":
            problem = Problem("wrong_empty")
        elif one["type"] == "string_too_long":
            problem = Problem("wrong_long", {"n": one.get("ctx", {}).get("max_length", 0)})
        else:
            problem = Problem("wrong_choice")
        problems.setdefault(place, problem)
