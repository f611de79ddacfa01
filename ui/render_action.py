"""The recommended actions with their track record and the decisions on them, the cautions, and the feedback, as HTML.

Pure functions: records in, a string out, every value escaped. Which reaction holds for an action is read from the list
of reactions, newest last; nothing is stored here. A letter in `data-key` is the key that presses a button while the
focus is in its action.
"""

from collections.abc import Mapping, Sequence
from html import escape

from assistant.answer import Caution, Evidence, RankedAction, Reaction, Recommendation, TrackRecord
from ui.render import button, facts
from ui.render_handover import Handover, handed, handover_form
from ui.wording import Wording, percent

__all__ = ["REASONS", "actions", "cautions", "feedback", "in_force"]

REASONS = ("done", "unfit", "means", "authority", "failed")


def in_force(reactions: Sequence[Reaction]) -> dict[int | None, Reaction]:
    """The reaction that holds for each action (None: the whole answer): the newest, unless it was withdrawn. What was
    said of precedents is left out."""
    newest = {reaction.action: reaction for reaction in reactions if reaction.case_id is None}
    return {place: reaction for place, reaction in newest.items() if reaction.kind != "withdraw"}


def actions(
    words: Wording, recommendation: Recommendation, reactions: Sequence[Reaction], handover: Handover | None = None
) -> str:
    """The ranked list; each action with its decision, or the buttons that make one. With `handover` an adopted action
    can become a task, and those that did say how it stands."""
    t, held = words.t, in_force(reactions)
    titles = {match.case_id: match.case.heading() for match in recommendation.matches}
    items = "".join(
        _action(words, place, action, held.get(place), titles=titles, step=len(reactions), handover=handover)
        for place, action in enumerate(recommendation.actions)
    )
    none = "actions.none_new" if recommendation.verdict.label == "new" and recommendation.matches else "actions.none"
    inside = f'<ol class="actions">{items}</ol>' if items else f"<p>{escape(t(none))}</p>"
    keys = f'<span class="keys">{escape(t("actions.keys" if handover else "actions.keys_decide"))}</span>'
    learned = recommendation.models.get("order", "base") != "base" or any(a.learned for a in recommendation.actions)
    order = t("actions.hint_learned" if learned else "actions.hint")
    hint = f'<p class="hint">{escape(order)}{keys}</p>' if items else ""
    said = feedback(words, held.get(None), step=len(reactions), has_actions=bool(items))
    return (
        f'<section class="panel" aria-labelledby="h-actions"><h2 id="h-actions">{escape(t("actions.title"))}</h2>'
        f"{hint}{inside}{said}</section>"
    )


def _action(
    words: Wording, place: int, action: RankedAction, held: Reaction | None, *, titles: Mapping[int, str], step: int,
    handover: Handover | None,
) -> str:  # fmt: skip
    t = words.t
    edited = held.text if held and held.kind == "edit" else None
    before = f'<p class="muted">{escape(t("decide.original", text=action.text))}</p>' if edited else ""
    chips = f'<span class="chip when-{action.when}">{escape(t(f"actions.when_{action.when}"))}</span>'
    if action.emergency:
        chips += f'<span class="chip emergency">{escape(t("actions.emergency"))}</span>'
    told = [words.department(action.department)]
    return (
        f'<li class="action is-{held.kind if held else "open"}" id="action-{place}" tabindex="-1" '
        f'aria-labelledby="type-{place}">'
        f'<span class="rank" aria-hidden="true">{place + 1}</span><div class="body">'
        f'<h3 class="type" id="type-{place}">{escape(words.action_type(action.action_type) or "")}</h3>'
        f'<p class="what">{escape(edited or action.text)}</p>{before}{facts(told, chips)}'
        f"{_record(words, action.track_record)}{_moved(action)}{_adapted(words, action)}"
        f"{_evidence(words, place, action, titles)}"
        f"{_decision(words, place, action, held, step=step, handover=handover)}"
        f"{handed(words, place, handover) if handover else ''}</div></li>"
    )


def _moved(action: RankedAction) -> str:
    """Why choices and effects moved it, with an arrow beside the words."""
    reason = _learned_reason(action)
    if action.learned is None or reason is None:
        return ""
    way, arrow = ("up", "↑") if action.learned.moved > 0 else ("down", "↓")
    said = reason[:1].upper() + reason[1:]
    return f'<p class="moved {way}"><span class="arrow" aria-hidden="true">{arrow}</span>{escape(said)}</p>'


def _learned_reason(action: RankedAction) -> str | None:
    """The sentence among the reasons that tells the move: the first, or the one after that of an emergency."""
    place = 1 if action.emergency else 0
    return action.why[place] if action.learned is not None and len(action.why) > place else None


def _record(words: Wording, record: TrackRecord) -> str:
    said = f'<span class="tries">{escape(words.tries(record))}</span>'
    if record.tried == 0:
        return f'<div class="record">{said}</div>'
    rate = words.t("actions.rate", rate=percent(record.rate), low=percent(record.low), high=percent(record.high))
    position = f"--low:{record.low * 100:.1f}%;--high:{record.high * 100:.1f}%;--rate:{record.rate * 100:.1f}%"
    return (
        f'<div class="record"><span class="interval" style="{position}" role="img" aria-label="{escape(rate)}" '
        f'title="{escape(rate)}"><i class="band"></i><i class="dot"></i></span>{said}'
        f'<span class="rate muted">{escape(rate)}</span></div>'
    )


def _adapted(words: Wording, action: RankedAction) -> str:
    if not action.adapted:
        return ""
    t = words.t
    pairs = t("list.comma").join(
        t("actions.adapted_pair", before=before, after=after) if after else t("actions.adapted_out", before=before)
        for before, after in action.adapted
    )
    return f'<p class="adapted"><b>{escape(t("actions.adapted"))}</b> {escape(pairs)}</p>'


def _quote(words: Wording, evidence: Evidence, titles: Mapping[int, str], above: str = "") -> str:
    """The quote with a link to its case; the link alone where the text above already is the quote."""
    t = words.t
    title = titles.get(evidence.case_id, t("actions.case_elsewhere"))
    link = button(
        t("actions.from_case", title=title),
        "open_case",
        classes="link",
        hint=t("actions.open_case", title=title),
        case=evidence.case_id,
    )
    said = "" if evidence.quote.strip(" 。.") in above else f"<blockquote>{escape(evidence.quote)}</blockquote>"
    return f"<figure>{said}<figcaption>{link}</figcaption></figure>"


def _evidence(words: Wording, place: int, action: RankedAction, titles: Mapping[int, str]) -> str:
    t = words.t
    first, *others = action.evidence
    more = ""
    if others:
        quotes = "".join(_quote(words, evidence, titles) for evidence in others)
        more = (
            f'<details data-keep="evidence-{place}"><summary>'
            f"{escape(t.count('actions.more_evidence', len(others)))}</summary>{quotes}</details>"
        )
    above = _learned_reason(action)
    others_why = [reason for reason in action.why if reason != above]
    if others_why:
        reasons = "".join(f"<li>{escape(reason)}</li>" for reason in others_why)
        title = escape(t("actions.why"))
        more += f'<details data-keep="why-{place}"><summary>{title}</summary><ul>{reasons}</ul></details>'
    return f'<div class="evidence">{_quote(words, first, titles, action.text)}{more}</div>'


def _decision(
    words: Wording, place: int, action: RankedAction, held: Reaction | None, *, step: int, handover: Handover | None
) -> str:
    t = words.t
    group = f'role="group" aria-label="{escape(t("decide.group", n=place + 1))}"'
    if held:
        said = t({"adopt": "decide.adopted", "edit": "decide.edited"}.get(held.kind, "decide.rejected"))
        if held.kind == "reject" and held.reason:
            said = t("decide.rejected_reason", reason=held.reason)
        undo = button(
            t("decide.undo"), "react", kind="withdraw", action=place, step=step, focus=f"undo-{place}", key="u"
        )
        opener, form = "", ""
        if handover and held.kind in ("adopt", "edit"):
            opener, form = handover_form(words, place, action, held.text or action.text, handover)
        return f'<div class="decide done" {group}><b role="status">{escape(said)}</b>{opener}{undo}</div>{form}'
    adopt = button(
        t("decide.adopt"), "react", classes="quiet adopt", kind="adopt", action=place, step=step,
        focus=f"adopt-{place}", key="a",
    )  # fmt: skip
    toggles = "".join(
        f'<button type="button" class="quiet" data-local="toggle" data-form="{kind}-{place}" data-key="{kind[0]}" '
        f'aria-expanded="false" aria-controls="{kind}-{place}">{escape(t(f"decide.{kind}"))}</button>'
        for kind in ("edit", "reject")
    )
    return (
        f'<div class="decide" {group}>{adopt}{toggles}</div>'
        f"{_edit_form(words, place, action, step=step)}{_reject_form(words, place, step=step)}"
    )


def _edit_form(words: Wording, place: int, action: RankedAction, *, step: int) -> str:
    t, label = words.t, f"edit-text-{place}"
    return (
        f'<form class="choice" id="edit-{place}" data-event="react" data-kind="edit" data-action="{place}" '
        f'data-step="{step}" hidden><label for="{label}">{escape(t("decide.edit_label"))}</label>'
        f'<textarea id="{label}" name="text" rows="3" maxlength="4000" required>{escape(action.text)}</textarea>'
        f'<div class="buttons"><button type="submit" class="main">'
        f"{escape(t('decide.edit_save'))}</button>{_cancel(words, f'edit-{place}')}</div></form>"
    )


def _reject_form(words: Wording, place: int, *, step: int) -> str:
    """A reason of the short list is one click; another is written and sent."""
    t = words.t
    choices = "".join(
        button(
            t(f"decide.reason_{reason}"), "react", classes="quiet reason", kind="reject", action=place, step=step,
            reason=t(f"decide.reason_{reason}"), focus=f"undo-{place}",
        )
        for reason in REASONS
    )  # fmt: skip
    return (
        f'<form class="choice" id="reject-{place}" data-event="react" data-kind="reject" data-action="{place}" '
        f'data-step="{step}" hidden><fieldset><legend>{escape(t("decide.reject_label"))}</legend>'
        f'<div class="choices">{choices}</div>'
        f'<label class="free"><span>{escape(t("decide.reject_other"))}</span>'
        f'<input type="text" name="other" maxlength="1000" autocomplete="off"></label></fieldset>'
        f'<div class="buttons"><button type="submit" class="main">{escape(t("decide.reject_save"))}</button>'
        f"{_cancel(words, f'reject-{place}')}</div></form>"
    )


def _cancel(words: Wording, form: str) -> str:
    label = escape(words.t("decide.cancel"))
    return f'<button type="button" class="quiet" data-local="cancel" data-form="{form}">{label}</button>'


def feedback(words: Wording, held: Reaction | None, *, step: int, has_actions: bool = True) -> str:
    """Whether the whole answer helped, or nothing of it fits."""
    t = words.t
    if held:
        undo = button(t("decide.undo"), "react", kind="withdraw", step=step, focus="undo-answer", key="u")
        thanks = escape(t(f"feedback.thanks_{held.kind}"))
        return f'<div class="feedback done"><b role="status">{thanks}</b>{undo}</div>'
    choices = "".join(
        button(t(f"feedback.{kind}"), "react", kind=kind, step=step, focus=f"{kind}-answer")
        for kind in ("helpful", "unhelpful", *(("nothing_fits",) if has_actions else ()))
    )
    return f'<div class="feedback"><span>{escape(t("feedback.question"))}</span>{choices}</div>'


def cautions(words: Wording, recommendation: Recommendation) -> str:
    """What failed before; empty where nothing is known."""
    if not recommendation.cautions:
        return ""
    t = words.t
    titles = {match.case_id: match.case.heading() for match in recommendation.matches}
    items = "".join(_caution(words, caution, titles) for caution in recommendation.cautions)
    return (
        f'<section class="panel cautions" aria-labelledby="h-cautions"><h2 id="h-cautions">'
        f'{escape(t("cautions.title"))}</h2><p class="hint">{escape(t("cautions.hint"))}</p><ul>{items}</ul></section>'
    )


def _caution(words: Wording, caution: Caution, titles: Mapping[int, str]) -> str:
    quote = _quote(words, caution.evidence, titles, caution.text)
    return f'<li><p class="what">{escape(caution.text)}</p>{quote}</li>'
