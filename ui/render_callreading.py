"""What was understood of a call as HTML, what is on the same matter, and the text for the duty officer.

Pure functions: records in, a string out, every value escaped (the briefing is plain text). What is private was masked
before. A sentence carries the second at which it is said; what was heard badly carries its mark.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from assistant.answer import Match
from assistant.callreading import CallReading
from assistant.opentasks import OpenTask
from assistant.promises import Promise
from assistant.samematter import Related
from assistant.saying import Saying
from knowledge.call import Call
from ui.call_wording import category_of, urgencies
from ui.render import facts
from ui.render_transcript import at, doubt
from ui.wording import Wording, chance

__all__ = ["Neighbour", "briefing", "chip_of_urgency", "name_of", "related", "understood"]

_CHANCES = ((0.85, "certain"), (0.6, "likely"), (0.35, "perhaps"), (0.0, "weak"))


@dataclass(frozen=True)
class Neighbour:
    """A call or a case that may be on the same matter, with what is shown of it: one of the two is there."""

    found: Related
    call: Call | None = None
    reading: CallReading | None = None
    case: Match | None = None


def name_of(call: Call) -> str:
    """What people call it: the id of the other system, else the name of the file, else the number."""
    return call.external_id or (call.recording.name if call.recording else "") or str(call.call_id)


def chip_of_urgency(words: Wording, reading: CallReading) -> str:
    """The urgency in words."""
    level = reading.urgency.level
    return f'<span class="urgency urgency-{level}">{escape(words.t(f"call_understood.{level}"))}</span>'


def understood(words: Wording, call: Call, reading: CallReading | None) -> str:
    """Asked, summary, category, place, time, severity, urgency, promise, reply, mood; each with its doubt."""
    t = words.t
    if reading is None:
        return f'<p class="muted">{escape(t("call_understood.none"))}</p>'
    timed = call.recording is not None and bool(call.transcript and any(s.end for s in call.transcript.segments))
    stale = ""
    if reading.version != call.version:
        stale = f'<p class="stale" role="status">{escape(t("call_understood.stale"))}</p>'
    rows = [
        ("asked", _quote(words, reading.asked, timed=timed) if reading.asked else ""),
        ("summary", _listed(_quote(words, saying, timed=timed) for saying in reading.summary)),
        ("urgency", _urgency(words, reading)),
        ("severity", _severity(words, reading)),
        *_facts(words, reading),
        ("promise", _promises(words, reading.promises, timed=timed)),
        ("reply", _reply(words, reading)),
        ("mood", _moods(words, reading)),
    ]
    listed = "".join(_row(words, name, value) for name, value in rows)
    missing = t("list.mark").join(t(f"missing.{key}") for key in reading.situation.missing if key in ("place", "time"))
    open_questions = (
        f'<p class="missing"><b>{escape(t("call_understood.missing"))}</b> {escape(missing)}</p>' if missing else ""
    )
    return f'{stale}<dl class="understood">{listed}</dl>{open_questions}'


def _row(words: Wording, name: str, value: str) -> str:
    told = value or f'<span class="muted">{escape(words.t("situation.unstated"))}</span>'
    return f'<div class="row row-{name}"><dt>{escape(words.t(f"call_understood.{name}"))}</dt><dd>{told}</dd></div>'


def _listed(items: Iterable[str]) -> str:
    inside = "".join(f"<li>{item}</li>" for item in items)
    return f"<ul>{inside}</ul>" if inside else ""


def _quote(words: Wording, saying: Saying, *, timed: bool) -> str:
    """A sentence word for word, with the button that plays it."""
    t = words.t
    mark = doubt(t) if saying.doubtful else ""
    play = ""
    if timed:
        hint = escape(t("call_understood.play", at=at(saying.start)))
        play = (
            f'<button type="button" class="at" data-do="seek" data-at="{saying.start:.2f}" '
            f'data-index="{saying.segment}" title="{hint}" aria-label="{hint}">{at(saying.start)}</button> '
        )
    return f"{play}<q>{escape(saying.text)}</q>{mark}"


def _facts(words: Wording, reading: CallReading) -> list[tuple[str, str]]:
    t, seen = words.t, reading.situation
    category = words.category(seen.category.value) if seen.category else None
    if category and seen.unclear:
        category = t("situation.unclear_nearest", value=category)
    elif category and seen.category:
        category = words.hedged(seen.category, category)
    time = words.moment_read(seen.occurred_at) if seen.occurred_at else None
    counted = t("list.comma").join(words.quantity(quantity) for quantity in seen.quantities)
    rows = [("category", category), ("place", words.where(seen)), ("time", time)]
    found = [
        (name, escape(value) + (doubt(t) if name in reading.doubtful else "") if value else "") for name, value in rows
    ]
    return [*found, ("quantities", escape(counted))] if counted else found


def _severity(words: Wording, reading: CallReading) -> str:
    t, severity = words.t, reading.situation.severity
    level = f'<span class="level level-{severity.level}">{escape(words.severity(severity.level))}</span>'
    danger = f' <b class="danger">{escape(t("situation.danger"))}</b>' if severity.danger_to_life else ""
    mark = doubt(t) if "severity" in reading.doubtful else ""
    estimated = f' <span class="muted">{escape(t("situation.estimated"))}</span>'
    return f"{level}{danger}{mark}{estimated}{_listed(escape(reason) for reason in severity.reasons)}"


def _urgency(words: Wording, reading: CallReading) -> str:
    told = []
    for name, reason in urgencies(words.t, reading):
        quoted = f" <q>{escape(reason.words)}</q>" if reason.words else ""
        told.append(f"{escape(name)}{quoted}{doubt(words.t) if reason.doubtful else ''}")
    return f"{chip_of_urgency(words, reading)}{_listed(told)}"


def _promises(words: Wording, promises: Sequence[Promise], *, timed: bool) -> str:
    t = words.t
    if not promises:
        return f'<span class="muted">{escape(t("call_understood.promise_none"))}</span>'
    told = []
    for promise in promises:
        due = t("call_understood.promise_open")
        if promise.due is not None:
            due = t("call_understood.promise_due", due=words.moment(promise.due))
        told.append(f'{_quote(words, promise.saying, timed=timed)} <b class="due">{escape(due)}</b>')
    return _listed(told)


def _reply(words: Wording, reading: CallReading) -> str:
    wanted = reading.wants_reply
    said = escape(words.t("call_understood.reply_yes" if wanted.wanted else "call_understood.reply_no"))
    return f"{said} <q>{escape(wanted.words)}</q>" if wanted.words else said


def _moods(words: Wording, reading: CallReading) -> str:
    t = words.t
    if not reading.moods:
        return ""
    told = [
        f"{escape(t(f'call_mood.{mood.key}'))} <q>{escape(mood.words)}</q>{doubt(t) if mood.doubtful else ''}"
        for mood in reading.moods
        if f"call_mood.{mood.key}" in t.entries
    ]
    return f'{_listed(told)}<p class="hint">{escape(t("call_understood.mood_hint"))}</p>'


def related(words: Wording, call: Call, neighbours: Sequence[Neighbour], tasks: Sequence[OpenTask] = ()) -> str:
    """Open tasks, calls and cases that may be on the same matter, in the order given, each with why, and calls and
    cases with how likely."""
    if not neighbours and not tasks:
        return f'<p class="muted">{escape(words.t("call_related.none"))}</p>'
    items = [_open_task(words, one) for one in tasks] + [_neighbour(words, call, one) for one in neighbours]
    return f'<ul class="related">{"".join(items)}</ul>'


def _open_task(words: Wording, one: OpenTask) -> str:
    why = "".join(f"<li>{escape(reason)}</li>" for reason in one.why)
    number = escape(words.t("task.number", n=one.task.task_id))
    return (
        f'<li><h3><a href="/tasks/{one.task.task_id}">{number}</a></h3>'
        f'<p class="asked">{escape(one.task.title)}</p><ul class="why">{why}</ul></li>'
    )


def _neighbour(words: Wording, call: Call, one: Neighbour) -> str:
    t, found = words.t, one.found
    level = next(name for least, name in _CHANCES if found.probability >= least)
    likely = (
        f'<p class="chance chance-{level}"><b>{escape(t(f"call_related.{level}"))}</b> '
        f'<span class="muted">{escape(t("call_related.chance", p=chance(found.probability)))}</span>'
        f"{doubt(t, t('call_related.doubtful')) if found.doubtful else ''}</p>"
    )
    why = "".join(f"<li>{escape(reason)}</li>" for reason in found.why)
    head, below = _call_head(words, call, one) if found.kind == "call" else _case_head(words, one)
    return f'<li>{head}{likely}<ul class="why">{why}</ul>{below}</li>'


def _call_head(words: Wording, call: Call, one: Neighbour) -> tuple[str, str]:
    t, found = words.t, one.found
    name = name_of(one.call) if one.call else found.external_id or str(found.id)
    title = f'<h3><a href="/hotline/calls/{found.id}">{escape(t("call.title", name=name))}</a></h3>'
    told = [words.moment(found.at) if found.at else None]
    asked = ""
    if one.reading:
        seen = one.reading.situation
        told += [category_of(words, one.reading), words.where(seen)]
        asked = f'<p class="asked"><q>{escape(one.reading.asked.text)}</q></p>' if one.reading.asked else ""
    joined = found.matter_id is not None and found.matter_id == call.matter_id
    join = (
        f'<p class="joined"><span role="status">{escape(t("call_related.joined"))}</span> '
        f'<button type="button" class="quiet" data-do="separate" data-with="{found.id}">'
        f"{escape(t('call_related.separate'))}</button></p>"
        if joined
        else f'<button type="button" class="quiet" data-do="join" data-with="{found.id}">'
        f"{escape(t('call_related.join'))}</button>"
    )
    return f"{title}{facts(told)}{asked}", join


def _case_head(words: Wording, one: Neighbour) -> tuple[str, str]:
    t, found = words.t, one.found
    kind = t("call_related.case")
    if one.case is None:
        return f"<h3>{escape(kind)} {escape(found.external_id or str(found.id))}</h3>", ""
    case = one.case.case
    told = [
        kind,
        words.category(case.category),
        words.district(case.district),
        words.moment(found.at) if found.at else None,
    ]
    below = (
        f"<details><summary>{escape(t('call_related.more'))}</summary><p>{escape(case.situation)}</p>"
        f'<p class="muted">{escape(t("cases.outcome"))}{escape(t("list.comma"))}'
        f"{escape(words.outcome(case.outcome))}</p></details>"
    )
    return f"<h3>{escape(case.heading())}</h3>{facts(told)}", below


def briefing(words: Wording, call: Call, reading: CallReading, link: str) -> str:
    """A short text for the duty officer, as plain lines; what was heard badly is marked there too."""
    t, seen = words.t, reading.situation
    unstated = t("call_brief.unstated")

    def marked(value: str | None, *, doubtful: bool) -> str:
        return (value or unstated) + (t("call_brief.doubt") if value and doubtful else "")

    category, asked = category_of(words, reading), reading.asked
    why = [name for name, _ in urgencies(t, reading)]
    lines = [
        t("call_brief.head", urgency=t(f"call_understood.{reading.urgency.level}")),
        t("call_brief.name", name=name_of(call), at=words.moment(call.received_at)),
        t("call_brief.where", text=marked(words.where(seen), doubtful="place" in reading.doubtful)),
        t("call_brief.kind", text=marked(category, doubtful="category" in reading.doubtful)),
        t("call_brief.what", text=marked(asked.text if asked else None, doubtful=bool(asked and asked.doubtful))),
        t("call_brief.grade", text=words.severity(seen.severity.level)),
    ]
    if why:
        lines.append(t("call_brief.why", text=t("list.mark").join(why)))
    told = [marked(saying.text, doubtful=saying.doubtful) for saying in reading.summary]
    if told:
        lines.append(t("call_brief.said", text=("" if t.language == "zh" else " ").join(told)))
    lines += [t("call_brief.promise", text=promise.saying.text) for promise in reading.promises]
    return "\n".join([*lines, t("call_brief.link", link=link)])
