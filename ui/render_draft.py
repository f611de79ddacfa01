"""The page of one draft case as HTML: the form that a curator changes, what it was made from, and the cases like it.

Pure functions: records and texts in, a string out, every value escaped. It works without a script; `static/tasks.js`
marks what was changed and not saved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape

from assistant.taskdesk import Draft
from knowledge.case import ActionResult, Case
from knowledge.task import Person
from ui.draft_form import Problem, action_rows, values_of
from ui.render_drafts import alike, way
from ui.render_person import departments, person_form, you
from ui.render_tasks import notice, task_rows
from ui.texts import Texts
from ui.wording import Wording

__all__ = ["Filled", "draft_page", "label"]

Options = Sequence[tuple[str, str]]
_LONG = {"title": 1_000, "situation": 50_000, "place": 1_000, "lessons": 20_000, "outcome-summary": 20_000}
_ROWS = {"situation": 5, "lessons": 3, "outcome-summary": 3}


@dataclass(frozen=True)
class Filled:
    """A form that was sent and not saved: its fields (none: as they are stored), what is wrong with them, and whether
    another version is there by now (then the fields that differ say what stands there)."""

    values: Mapping[str, str]
    problems: Mapping[str, Problem] = field(default_factory=dict)
    overtaken: bool = False
    reason: str = ""
    reason_missing: bool = False


@dataclass(frozen=True)
class _Form:
    """What the fields are drawn from: the values shown, and those that are stored."""

    words: Wording
    values: Mapping[str, str]
    stored: Mapping[str, str]
    filled: Filled | None

    @property
    def t(self) -> Texts:
        return self.words.t


def label(t: Texts, name: str) -> str:
    """What a field is called; of an action its number alone.

    >>> from ui.texts import texts_in
    >>> label(texts_in("en"), "outcome-days"), label(texts_in("en"), "action-0-text")
    ('Time taken (days)', 'Action 1')
    """
    if name.startswith("action-"):
        return t("draft.action", n=int(name.split("-")[1]) + 1)
    return t(f"draft.{name.removeprefix('outcome-')}")


def draft_page(
    words: Wording, draft: Draft, person: Person | None, *, now: datetime, told: str = "", alert: str = "",
    given: str = "", filled: Filled | None = None, cases: Mapping[int, Case] | None = None,
) -> str:  # fmt: skip
    """The body of the page. `told` is what was done, `alert` what was not, `given` the program's sentence; `cases`
    are those like it."""
    t, number = words.t, draft.stored.case_id
    stored = values_of(draft.stored.case)
    form = _Form(words, filled.values if filled and filled.values else stored, stored, filled)
    who = "" if person else person_form(words, back=f"/drafts/{number}", lead=t("draft.who_first"))
    said = t("draft.number", n=number, version=draft.stored.version)
    return (
        f'<div class="draft-page"><div class="page-top">{way(words)}'
        f"{you(words, person, back=f'/drafts/{number}')}</div>{notice(told)}{notice(alert, bad=True, given=given)}"
        f'<header class="task-head"><p class="meta"><span>{escape(said)}</span></p>'
        f'<h2>{escape(draft.stored.case.heading(60))}</h2></header><div class="columns"><div class="left">{who}'
        f"{_form(form, draft, is_open=person is not None or filled is not None)}</div>"
        f'<div class="right">{_sources(words, draft, person, cases or {}, now=now)}'
        f"{_dismiss(t, draft, filled) if person else ''}</div></div></div>"
    )


def _form(form: _Form, draft: Draft, *, is_open: bool) -> str:
    t, number, version = form.t, draft.stored.case_id, draft.stored.version
    buttons = (
        f'<p class="buttons"><button type="submit" class="main" name="do" value="approve" '
        f'title="{escape(t("draft.approve_hint"))}">{escape(t("draft.approve"))}</button>'
        f'<button type="submit" class="quiet" name="do" value="save">{escape(t("draft.save"))}</button>'
        f'<span id="unsaved" class="muted" role="status" data-said="{escape(t.entries["draft.unsaved"])}" hidden>'
        f"</span></p>"
    )
    locked = "" if is_open else " disabled"
    return (
        f'<form id="draft-form" class="panel draft-form" method="post" action="/drafts/{number}" '
        f'aria-label="{escape(t("draft.facts"))}" data-changed="{escape(t("draft.changed"))}">'
        f'<input type="hidden" name="version" value="{version}"><fieldset{locked}>'
        # Enter in a field saves; it must not approve.
        f'<button type="submit" name="do" value="save" class="only-heard" tabindex="-1" aria-hidden="true"></button>'
        f"{_facts(form)}{_actions(form)}{_outcome(form)}{_text(form, 'lessons')}"
        f"{buttons if is_open else ''}</fieldset></form>"
    )


def _facts(form: _Form) -> str:
    words, t = form.words, form.t
    categories = [(c.id, c.name(t.language)) for c in words.taxonomy.categories]
    districts = [(p.id, p.name(t.language)) for p in words.gazetteer.places if p.kind == "district"]
    severities = [(str(level), words.severity(level)) for level in (1, 2, 3, 4)]
    return (
        f"{_text(form, 'title')}{_text(form, 'situation')}"
        f'<div class="pair">{_choice(form, "category", categories)}{_choice(form, "severity", severities)}</div>'
        f'<div class="pair">{_choice(form, "district", districts)}{_text(form, "place")}</div>'
    )


def _outcome(form: _Form) -> str:
    t = form.t

    def truth(name: str) -> str:
        options = [(key, t(f"draft.{name}_{key}")) for key in ("yes", "no")]
        return _choice(form, f"outcome-{name}", options, empty=t(f"draft.{name}_unknown"))

    return (
        f'<h3>{escape(t("draft.outcome"))}</h3><div class="pair">{truth("resolved")}{truth("recurred")}</div>'
        f'<div class="pair">{_text(form, "outcome-days", kind="decimal")}'
        f"{_text(form, 'outcome-satisfaction', kind='decimal')}</div>{_text(form, 'outcome-summary')}"
    )


def _actions(form: _Form) -> str:
    """Every action, and an empty one below: adding one needs no script."""
    t, rows = form.t, [row for row in action_rows(form.values) if form.values[f"action-{row}-text"].strip()]
    told = "".join(_action(form, row, t("draft.action", n=place)) for place, row in enumerate(rows, 1))
    new = max((*action_rows(form.values), *action_rows(form.stored)), default=-1) + 1
    return (
        f'<h3>{escape(t("draft.actions"))}</h3><p class="hint">{escape(t("draft.action_hint"))}</p>{told}'
        f'<details class="fold"><summary>{escape(t("draft.action_new"))}</summary>'
        f"{_action(form, new, t('draft.action', n=len(rows) + 1))}</details>"
    )


def _action(form: _Form, row: int, name: str) -> str:
    words, t, key = form.words, form.t, f"action-{row}-"
    types = [(a.id, a.name(t.language)) for a in words.taxonomy.action_types]
    known = {key for key, _ in types}
    if "other" not in known:
        types.append(("other", words.action_type("other")))
    results = [(result.value, t(f"draft.result_{result.value}")) for result in ActionResult]
    return (
        f'<fieldset class="action"><legend>{escape(name)}</legend>'
        f'<input type="hidden" name="{key}taken_at" value="{escape(form.values.get(f"{key}taken_at", ""))}">'
        f"{_text(form, f'{key}text', rows=2, longest=4_000)}"
        f'<div class="three">{_choice(form, f"{key}type", types, fallback="other")}'
        f"{_departments(form, f'{key}department')}{_choice(form, f'{key}result', results, fallback='unknown')}</div>"
        f"{_text(form, f'{key}note', longest=4_000)}</fieldset>"
    )


def _name(t: Texts, name: str) -> str:
    if name.startswith("action-"):
        return t(f"draft.action_{name.rpartition('-')[2]}")
    return label(t, name)


def _wrapped(form: _Form, name: str, control: str) -> str:
    """A field with its name, what is wrong with it, and what stands there by now if another was faster."""
    t, told = form.t, ""
    problem = form.filled.problems.get(name) if form.filled else None
    if problem:
        said = t(f"draft.{problem.key}", **problem.values)
        told += f'<span class="wrong" id="wrong-{name}" role="alert">{escape(said)}</span>'
    now = form.stored.get(name, "")
    if form.filled and form.filled.overtaken and form.values.get(name, "").strip() != now:
        shown = t("draft.now_says", text=_shown(form.words, name, now)) if now else t("draft.now_empty")
        told += f'<span class="now">{escape(shown)}</span>'
    marked = " is-wrong" if problem else ""
    return f'<label class="line{marked}"><span>{escape(_name(t, name))}</span>{control}{told}</label>'


def _shown(words: Wording, name: str, value: str) -> str:
    """A stored value as a person reads it."""
    kind = name.rpartition("-")[2]
    if name == "category":
        return words.category(value) or value
    if name == "district":
        return words.district(value) or value
    if name == "severity":
        return words.severity(int(value))
    if kind in ("resolved", "recurred"):
        return words.t(f"draft.{kind}_{value}")
    if name.startswith("action-"):
        named = {
            "type": words.action_type(value),
            "department": words.department(value) or value,
            "result": words.t(f"draft.result_{value}") if kind == "result" else value,
        }
        return named.get(kind, value)
    return value


def _marks(form: _Form, name: str, fallback: str = "") -> str:
    """The name of a field, whether it is wrong, and what is stored where the form shows something else."""
    stored = f' data-stored="{escape(form.stored.get(name, fallback))}"' if form.values is not form.stored else ""
    wrong = form.filled is not None and name in form.filled.problems
    return f' name="{name}"{stored}' + (f' aria-invalid="true" aria-describedby="wrong-{name}"' if wrong else "")


def _text(form: _Form, name: str, *, kind: str = "", rows: int = 0, longest: int = 0) -> str:
    value, most = form.values.get(name, ""), longest or _LONG.get(name, 40)
    lines = rows or _ROWS.get(name, 0)
    marks = f'{_marks(form, name)} class="field" maxlength="{most}"'
    if name == "situation":
        marks += " required"
    if lines:
        control = f'<textarea{marks} rows="{lines}">\n{escape(value)}</textarea>'
    else:
        mode = f' inputmode="{kind}"' if kind else ""
        control = f'<input{marks}{mode} value="{escape(value)}" autocomplete="off">'
    return _wrapped(form, name, control)


def _choice(form: _Form, name: str, options: Options, *, empty: str = "", fallback: str = "") -> str:
    """A choice; where there is a `fallback`, nothing is no choice."""
    chosen = form.values.get(name, "") or fallback
    offered = list(options) if fallback else [("", empty or form.t("draft.none")), *options]
    if chosen not in {key for key, _ in offered}:
        offered.insert(0, (chosen, chosen))
    listed = "".join(
        f'<option value="{escape(key)}"{" selected" if key == chosen else ""}>{escape(said)}</option>'
        for key, said in offered
    )
    return _wrapped(form, name, f'<select{_marks(form, name, fallback)} class="field">{listed}</select>')


def _departments(form: _Form, name: str) -> str:
    options = departments(form.words, form.values.get(name) or None, form.t("draft.none"))
    return _wrapped(form, name, f'<select{_marks(form, name)} class="field">{options}</select>')


def _sources(words: Wording, draft: Draft, person: Person | None, cases: Mapping[int, Case], *, now: datetime) -> str:
    t, case = words.t, draft.stored.case
    made = task_rows(words, draft.tasks, person, now=now) if draft.tasks else ""
    source = f'<p class="hint">{escape(t("draft.source", source=case.source))}</p>' if case.source else ""
    return (
        f'<section class="panel">{alike(words, draft.alike, cases)}</section>'
        f'<section class="panel origin"><h4>{escape(t("draft.question"))}</h4>'
        f'<p class="question">{escape(draft.question)}</p>{source}</section>'
        f'<section class="siblings"><h4>{escape(t("draft.tasks"))}</h4>{made}</section>'
    )


def _dismiss(t: Texts, draft: Draft, filled: Filled | None) -> str:
    missing = filled is not None and filled.reason_missing
    wrong = f'<p class="wrong" role="alert">{escape(t("draft.missing_reason"))}</p>' if missing else ""
    opened = " open" if filled is not None and (missing or filled.reason) else ""
    return (
        f'<details class="panel fold dismiss"{opened}><summary>{escape(t("draft.dismiss"))}</summary>'
        f'<form method="post" action="/drafts/{draft.stored.case_id}/dismiss">{wrong}<label><span>'
        f"{escape(t('draft.dismiss_hint'))}</span>"
        f'<textarea class="field" name="reason" rows="3" maxlength="1000" required>'
        f"{escape(filled.reason if filled else '')}</textarea></label>"
        f'<button type="submit" class="quiet">{escape(t("draft.dismiss_do"))}</button></form></details>'
    )
