"""One call of the list as HTML: what it is about, where, how urgent and why, its state with progress, what can be done.

Pure functions: records and texts in, a string out, every value escaped. The buttons carry `data-do`, which
`static/hotline.js` understands.
"""

from datetime import datetime
from html import escape

from knowledge.call import CallState
from ui import call_wording as wording
from ui.call_list import Listed
from ui.texts import Texts
from ui.wording import Wording

__all__ = ["place", "row", "unhurried", "what", "why"]


def row(words: Wording, listed: Listed, *, now: datetime) -> str:
    """One call of the list."""
    t, call = words.t, listed.call
    title = what(words, listed)
    classes = "call urgent" if call.urgent else "call"
    return (
        f'<li class="{classes}" id="call-{call.call_id}" data-call="{call.call_id}" data-state="{call.state}">'
        f'<label class="pick"><input type="checkbox" value="{call.call_id}" '
        f'aria-label="{escape(t("hotline.select", what=title))}"></label>'
        f'<div class="what"><h3>{_chip(words, listed)}'
        f'<a href="/hotline/calls/{call.call_id}">{escape(title)}</a>{_hedge(words, listed)}'
        f"{place(words, listed)}</h3>"
        f"{_alarm_strip(words, listed)}{_asked(listed)}{_facts(words, listed)}</div>"
        f'<div class="how">{_how(words, listed)}</div>'
        f'<div class="when"><time datetime="{call.received_at.isoformat()}" '
        f'title="{escape(words.moment(call.received_at))}">'
        f"{escape(wording.moment(words, call.received_at, now))}</time>{_length(t, listed)}</div>"
        f'<div class="do">{_buttons(t, listed)}</div></li>'
    )


def _name(listed: Listed, t: Texts) -> str:
    """What a call goes by where it is not understood."""
    call = listed.call
    return (call.recording.name if call.recording else "") or call.external_id or t("hotline_row.call", n=call.call_id)


def what(words: Wording, listed: Listed) -> str:
    """What a call is called: its category, or its file while it is not understood."""
    if listed.reading is None:
        return _name(listed, words.t)
    return wording.category_of(words, listed.reading) or words.t("hotline_row.category_unclear")


def place(words: Wording, listed: Listed) -> str:
    """Where it is, as HTML."""
    if listed.reading is None:
        return ""
    where = words.where(listed.reading.situation)
    if where is None:
        return f'<span class="where muted">{escape(words.t("hotline_row.place_unknown"))}</span>'
    return f'<span class="where">{escape(where)}</span>'


def _hedge(words: Wording, listed: Listed) -> str:
    said = wording.hedge(words.t, listed.reading) if listed.reading else ""
    return f'<span class="hedge">{escape(said)}</span>' if said else ""


def _chip(words: Wording, listed: Listed) -> str:
    """How urgent it is, in a word; nothing where it is not known."""
    if listed.reading is None:
        return ""
    level = "now" if listed.call.urgent else listed.reading.urgency.level
    return f'<span class="haste haste-{level}">{escape(words.t(f"hotline_row.{level}"))}</span>'


def why(words: Wording, listed: Listed) -> str:
    """The reasons for the urgency as HTML, each with the words it was read from; the three gravest."""
    if listed.reading is None:
        return ""
    quote = "“{}”" if words.t.language == "zh" else ' "{}"'
    told = []
    for said, why in wording.urgencies(words.t, listed.reading)[:3]:
        doubt = f" · {words.t('hotline_row.doubtful_part')}"
        told.append(said + (quote.format(why.words) if why.words else "") + (doubt if why.doubtful else ""))
    return escape(("；" if words.t.language == "zh" else "; ").join(told))


def _alarm_strip(words: Wording, listed: Listed) -> str:
    if not listed.call.urgent:
        return ""
    return f'<p class="strip"><b>{escape(words.t("hotline_row.danger"))}</b> {why(words, listed)}</p>'


def _asked(listed: Listed) -> str:
    """What the caller asks for, else the first sentence of the summary."""
    reading = listed.reading
    saying = (reading.asked or next(iter(reading.summary), None)) if reading else None
    return f'<p class="asked">{escape(saying.text)}</p>' if saying else ""


def _facts(words: Wording, listed: Listed) -> str:
    t, call = words.t, listed.call
    parts = []
    if listed.reading is not None and not call.urgent and listed.reading.urgency.level == "today":
        told = t("list.mark").join(said for said, _ in wording.urgencies(t, listed.reading)[:3])
        parts.append(f"<span>{escape(told)}</span>")
    if listed.doubtful:
        parts.append(f'<span class="doubtful">{escape(t.count("hotline_row.doubtful", listed.doubtful))}</span>')
    if call.matter_id is not None:
        hint = escape(t("hotline_row.matter_hint", n=call.matter_id))
        parts.append(
            f'<span><a href="/hotline/calls/{call.matter_id}" title="{hint}">'
            f"{escape(t('hotline_row.matter', n=call.matter_id))}</a></span>"
        )
    if listed.reading is not None:
        parts.append(f'<span class="name">{escape(_name(listed, t))}</span>')
    if call.recording is None:
        parts.append(f"<span>{escape(t('hotline_row.no_sound'))}</span>")
    if call.demo:
        parts.append(f"<span>{escape(t('hotline_row.demo'))}</span>")
    elif call.demo_model:
        parts.append(f"<span>{escape(t('hotline_row.demo_model'))}</span>")
    return f'<p class="meta"><span class="parts">{"".join(parts)}</span></p>' if parts else ""


def _how(words: Wording, listed: Listed) -> str:
    """State, progress, and the reason where the call rests for one."""
    t, call = words.t, listed.call
    progress = wording.progress(t, call)
    said = progress or wording.status(t, call)
    length = call.recording.duration_s if call.recording else None
    track = ""
    if call.state in wording.AT_WORK:
        share = f' value="{min(call.progress_s, length):.1f}" max="{length:.1f}"' if progress and length else ""
        track = f'<progress{share} aria-label="{escape(said)}"></progress>'
    told, ours = wording.reason(t, call) if call.state.resting else ("", True)
    foreign = "" if ours else ' lang="en"'
    why = f'<span class="reason"{foreign}>{escape(told)}</span>' if told else ""
    return f'<b class="status status-{call.state}">{escape(said)}</b>{track}{why}'


def _length(t: Texts, listed: Listed) -> str:
    told = wording.duration(listed.call)
    hint = f' title="{escape(t("hotline_row.duration", value=told))}"' if told else ""
    return f'<span class="length"{hint}>{escape(told)}</span>'  # its place is kept while the length is not known


def _buttons(t: Texts, listed: Listed) -> str:
    """What can be done with a call in its state."""
    call = listed.call
    able: list[str] = []
    if not call.state.resting or call.state is CallState.WAITING:
        able.append("cancel")
    if call.state in (CallState.FAILED, CallState.CANCELLED):
        able.append("retry")
    if call.state is CallState.WAITING and "demonstration model" in call.reason:
        able.append("try_demo")
    if call.state in (CallState.WAITING, CallState.FAILED, CallState.CANCELLED):
        able.append("attach")
    return "".join(
        f'<button type="button" class="quiet" data-do="{name.replace("_", "-")}">'
        f"{escape(t(f'hotline_row.{name}'))}</button>"
        for name in able
    )


def unhurried(words: Wording, listed: Listed) -> dict[str, str | float]:
    """What changes in a row while its call is heard, without drawing it anew: words, seconds done, seconds in all."""
    length = listed.call.recording.duration_s if listed.call.recording else None
    return {
        "said": wording.progress(words.t, listed.call) or wording.status(words.t, listed.call),
        "done": round(listed.call.progress_s, 1),
        "length": round(length or 0.0, 1),
    }
