"""Cases as HTML: the cards of the precedents, the whole case, the contrast of success and failure, two compared.

Pure functions: records in, a string out, every value escaped. What superseded a case is always shown with it.
"""

from collections.abc import Sequence
from html import escape

from assistant.answer import Match, Reaction, Recommendation
from knowledge.case import Action, Case
from ui.render import button, facts
from ui.wording import Wording

__all__ = ["cases", "compared", "contrast", "opened", "unfit"]


def unfit(reactions: Sequence[Reaction]) -> frozenset[int]:
    """The precedents of which the newest reaction says that they do not fit."""
    newest = {reaction.case_id: reaction.kind for reaction in reactions if reaction.case_id is not None}
    return frozenset(case_id for case_id, kind in newest.items() if kind == "unfit")


def cases(words: Wording, matches: Sequence[Match], reactions: Sequence[Reaction] = ()) -> str:
    """The precedents as cards, in the order given; those that do not fit are folded, with their mark."""
    t, folded, step = words.t, unfit(reactions), len(reactions)
    cards = "".join(
        (_folded if match.case_id in folded else _card)(words, number, match, step=step)
        for number, match in enumerate(matches, 1)
    )
    inside = f'<ul class="cases">{cards}</ul>' if cards else f"<p>{escape(t('cases.none'))}</p>"
    count = f' <span class="count">{escape(t.count("cases.count", len(matches)))}</span>' if matches else ""
    return (
        f'<section class="panel" aria-labelledby="h-cases"><h2 id="h-cases">{escape(t("cases.title"))}{count}</h2>'
        f"{inside}</section>"
    )


def _card(words: Wording, number: int, match: Match, *, step: int) -> str:
    t, place = words.t, f"case{match.case_id}"
    says_unfit = button(
        t("cases.unfit"), "react", classes="link aside", hint=t("cases.unfit_hint", title=match.case.heading()),
        kind="unfit", case=match.case_id, step=step, focus=f"unfit-{place}", key="r",
    )  # fmt: skip
    return (
        f'<li class="case" id="case-{match.case_id}" tabindex="-1">'
        f'<span class="rank" aria-hidden="true">{number}</span><div class="body">{_head(words, match)}'
        f"{_brief(words, match)}"
        f'<details data-keep="case-{match.case_id}"><summary>{escape(t("cases.more"))}</summary>'
        f'{_whole(words, match.case)}</details><div class="decide">{says_unfit}</div></div></li>'
    )


def _folded(words: Wording, number: int, match: Match, *, step: int) -> str:
    """A precedent that does not fit: its heading and mark; the rest is there on demand."""
    t, place = words.t, f"case{match.case_id}"
    undo = button(
        t("decide.undo"), "react", kind="withdraw", case=match.case_id, step=step, focus=f"undo-{place}", key="u"
    )
    return (
        f'<li class="case is-unfit" id="case-{match.case_id}" tabindex="-1">'
        f'<span class="rank" aria-hidden="true">{number}</span><div class="body">'
        f"<h3>{escape(match.case.heading())}</h3>{_replaced(words, match)}"
        f'<div class="decide done"><b role="status">{escape(t("cases.is_unfit"))}</b>{undo}</div>'
        f'<details data-keep="unfit-{match.case_id}"><summary>{escape(t("cases.more"))}</summary>'
        f"{_brief(words, match)}{_whole(words, match.case)}</details></div></li>"
    )


def _brief(words: Wording, match: Match) -> str:
    """How alike it is and why, what superseded it, how it ended."""
    t = words.t
    likeness = (
        f'<span class="likeness"><span>{escape(words.similarity(match))}</span>'
        f'<span class="bar-thin" aria-hidden="true"><i style="width:{match.score * 100:.0f}%"></i></span></span>'
    )
    why = "".join(f"<li>{escape(reason)}</li>" for reason in match.why)
    alike = f'<div class="alike"><h4>{escape(t("cases.why"))}</h4><ul>{why}</ul></div>' if why else ""
    return f"{likeness}{_replaced(words, match)}{alike}{_ended(words, match.case)}"


def _head(words: Wording, match: Match) -> str:
    case = match.case
    told = [
        words.t(f"kind.{case.kind}"),
        words.category(case.category),
        words.district(case.district),
        words.age(match.age_days),
    ]
    return f"<h3>{escape(case.heading())}</h3>{facts(told)}"


def _replaced(words: Wording, match: Match) -> str:
    if match.replaced_by is None:
        return ""
    t, newer = words.t, match.replaced_by
    link = button(
        t("cases.replaced_open"),
        "open_case",
        classes="link",
        hint=t("actions.open_case", title=newer.title),
        case=newer.case_id,
    )
    return f'<p class="replaced">{escape(t("cases.replaced", title=newer.title))} {link}</p>'


def _ended(words: Wording, case: Case) -> str:
    said = escape(words.outcome(case.outcome))
    mark = {True: "good", False: "bad", None: "open"}[case.outcome.resolved if case.outcome else None]
    return f'<p class="ended ended-{mark}"><b>{escape(words.t("cases.outcome"))}</b> {said}</p>'


def _whole(words: Wording, case: Case) -> str:
    """Situation, actions with their results, outcome, lessons, source."""
    t = words.t
    rows = [
        ("departments", words.departments(case)),
        ("started", words.moment(case.occurred_at) if case.occurred_at else ""),
        ("closed", words.moment(case.closed_at) if case.closed_at else ""),
    ]
    listed = "".join(f"<div><dt>{escape(t(f'cases.{n}'))}</dt><dd>{escape(v)}</dd></div>" for n, v in rows if v)
    parts = [
        f"<h4>{escape(t('cases.situation'))}</h4>{_paragraphs(case.situation)}",
        f'<dl class="facts">{listed}</dl>' if listed else "",
        f"<h4>{escape(t('cases.actions'))}</h4>{_taken(words, case)}",
    ]
    if case.outcome and case.outcome.summary:
        parts.append(f"<h4>{escape(t('cases.outcome'))}</h4>{_paragraphs(case.outcome.summary)}")
    if case.lessons:
        parts.append(f"<h4>{escape(t('cases.lessons'))}</h4>{_paragraphs(case.lessons)}")
    if case.source:
        parts.append(f'<p class="source">{escape(t("cases.source", source=case.source))}</p>')
    return f'<div class="whole">{"".join(parts)}</div>'


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in text.splitlines() if line.strip())


def _taken(words: Wording, case: Case) -> str:
    if not case.actions:
        return f'<p class="muted">{escape(words.t("cases.no_actions"))}</p>'
    return f'<ol class="taken">{"".join(_step(words, action) for action in case.actions)}</ol>'


def _step(words: Wording, action: Action) -> str:
    result = f'<b class="result {action.result}">{escape(words.t(f"result.{action.result}"))}</b>'
    told = [words.department(action.department), words.moment(action.taken_at) if action.taken_at else None]
    note = f'<p class="muted">{escape(action.note)}</p>' if action.note else ""
    return f"<li><p>{escape(action.text)}</p>{facts(told, result)}{note}</li>"


def opened(words: Wording, match: Match) -> str:
    """One case that was opened from a link, with a button that closes it."""
    t = words.t
    told = _head(words, match) + _replaced(words, match) + _ended(words, match.case) + _whole(words, match.case)
    return (
        f'<section class="panel opened" id="opened" tabindex="-1" aria-labelledby="h-opened"><div class="top">'
        f'<h2 id="h-opened">{escape(t("cases.opened"))}</h2>{button(t("cases.close"), "close_case")}</div>'
        f"{told}</section>"
    )


def compared(words: Wording, pair: tuple[Match, Match]) -> str:
    """Two cases side by side."""
    sides = "".join(
        f"<article>{_head(words, match)}{_replaced(words, match)}{_ended(words, match.case)}"
        f"<h4>{escape(words.t('cases.actions'))}</h4>{_taken(words, match.case)}</article>"
        for match in pair
    )
    return (
        f'<section class="panel compared" id="compared" aria-labelledby="h-compared"><h2 id="h-compared">'
        f'{escape(words.t("cases.compared"))}</h2><div class="sides">{sides}</div></section>'
    )


def contrast(words: Wording, recommendation: Recommendation) -> str:
    """The nearest success beside the nearest failure; empty where one of them is not known."""
    if recommendation.contrast is None:
        return ""
    t, pair = words.t, recommendation.contrast
    sides = _side(words, recommendation, "success", pair.success_case_id, pair.only_in_success)
    sides += _side(words, recommendation, "failure", pair.failure_case_id, pair.only_in_failure)
    return (
        f'<section class="panel contrast" aria-labelledby="h-contrast"><h2 id="h-contrast">'
        f'{escape(t("contrast.title"))}</h2><div class="sides">{sides}</div></section>'
    )


def _side(words: Wording, recommendation: Recommendation, name: str, case_id: int, only: Sequence[str]) -> str:
    t = words.t
    match = next((match for match in recommendation.matches if match.case_id == case_id), None)
    title = match.case.heading() if match else t("actions.case_elsewhere")
    link = button(title, "open_case", classes="link", hint=t("actions.open_case", title=title), case=case_id)
    ended = _ended(words, match.case) if match else ""
    done = "".join(f"<li>{escape(words.action_type(action_type))}</li>" for action_type in only)
    listed = f"<ul>{done}</ul>" if done else f'<p class="muted">{escape(t("contrast.nothing"))}</p>'
    return (
        f'<article class="{name}"><h3>{escape(t(f"contrast.{name}"))}</h3><p>{link}</p>{ended}'
        f"<h4>{escape(t(f'contrast.only_{name}'))}</h4>{listed}</article>"
    )
