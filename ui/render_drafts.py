"""The drafts that wait for a curator, as HTML: each with what it was made from and the cases that say nearly the same.

Pure functions: records and texts in, a string out, every value escaped.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from assistant.taskdesk import Board, Draft
from knowledge.case import Case
from knowledge.task import Person
from ui.call_wording import moment
from ui.render import facts
from ui.render_person import you
from ui.render_tasks import notice, tabs
from ui.wording import Wording, percent

__all__ = ["Alike", "alike", "drafts", "missing_draft", "way"]

Alike = Sequence[tuple[int, str, float]]  # id, heading, score in 0..1


def drafts(
    words: Wording, found: Sequence[Draft], board: Board | None, person: Person | None, *, now: datetime,
    told: str = "", compared: Mapping[int, Alike] | None = None,
) -> str:  # fmt: skip
    """The whole list page, in the order given. `compared` has the cases that are alike for those drafts that were
    compared."""
    t, known = words.t, compared or {}
    rows = "".join(_row(words, draft, known.get(draft.stored.case_id), now=now) for draft in found)
    if rows:
        inside = (
            f'<p class="muted" id="counts">{escape(t.count("drafts.number", len(found)))}</p>'
            f'<ol class="drafts">{rows}</ol>'
        )
    else:
        inside = (
            f'<div class="nothing"><p>{escape(t("drafts.none"))}</p>'
            f'<p class="muted">{escape(t("drafts.none_line"))}</p></div>'
        )
    return (
        f'<div class="tasks-page"><div class="page-top"><h2>{escape(t("tasks.title"))}</h2>'
        f"{you(words, person, back='/drafts')}</div>{notice(told)}"
        f"{tabs(t, 'drafts', None, board, len(found))}"
        f'<section aria-label="{escape(t("drafts.title"))}"><p class="lead">{escape(t("drafts.lead"))}</p>{inside}'
        f"</section></div>"
    )


def _row(words: Wording, draft: Draft, near: Alike | None, *, now: datetime) -> str:
    t, case, number = words.t, draft.stored.case, draft.stored.case_id
    asked = "" if draft.question == case.heading() else f'<p class="asked">{escape(draft.question)}</p>'
    beside = "" if near is None else f'<aside aria-label="{escape(t("drafts.alike"))}">{alike(words, near)}</aside>'
    told = [
        words.category(case.category),
        words.district(case.district),
        words.departments(case) or None,
        t.count("drafts.from", len(draft.tasks)),
        moment(words, draft.stored.updated_at, now),
    ]
    return (
        f'<li class="panel draft" id="draft-{number}"><div><h3><a href="/drafts/{number}">'
        f"{escape(case.heading(60))}</a></h3>{facts(told)}"
        f'{asked}<p class="ended">{escape(words.outcome(case.outcome))}</p>'
        f'<a class="quiet" href="/drafts/{number}">{escape(t("drafts.open"))}</a></div>'
        f"{beside}</li>"
    )


def alike(words: Wording, near: Alike, cases: Mapping[int, Case] | None = None) -> str:
    """The cases that say nearly the same, with how near they are; those of `cases` can be unfolded."""
    t, known = words.t, cases or {}
    if not near:
        return f'<h4>{escape(t("drafts.alike"))}</h4><p class="muted">{escape(t("drafts.alike_none"))}</p>'
    rows = "".join(
        f'<li><span class="case-number">#{case_id}</span> {escape(heading)} '
        f'<span class="muted">{escape(t("drafts.alike_score", p=percent(score)))}</span>'
        f"{_unfolded(words, known[case_id]) if case_id in known else ''}</li>"
        for case_id, heading, score in near
    )
    return (
        f'<h4>{escape(t("drafts.alike"))}</h4><ul class="alike">{rows}</ul>'
        f'<p class="hint">{escape(t("drafts.alike_hint"))}</p>'
    )


def _unfolded(words: Wording, case: Case) -> str:
    """What a case says, in short: when, what happened, what was done with what result, how it ended."""
    when = words.moment(case.occurred_at) if case.occurred_at else None
    done = "".join(
        f'<li>{escape(action.text)} <b class="result {action.result}">'
        f"{escape(words.t(f'result.{action.result}'))}</b></li>"
        for action in case.actions
    )
    return (
        f"<details><summary>{escape(words.t('drafts.alike_more'))}</summary>"
        f"{facts([words.category(case.category), words.district(case.district), when])}<p>{escape(case.situation)}</p>"
        f'{f"<ul class=taken>{done}</ul>" if done else ""}<p class="ended">{escape(words.outcome(case.outcome))}</p>'
        f"</details>"
    )


def way(words: Wording) -> str:
    """The way back to the drafts."""
    return f'<p class="way"><a href="/drafts">← {escape(words.t("draft.back"))}</a></p>'


def missing_draft(words: Wording, case_id: int) -> str:
    """The page of a draft that does not exist, or is none any more."""
    t = words.t
    return (
        f'<div class="draft-page">{way(words)}<h2>{escape(t("draft.gone"))}</h2>'
        f"<p>{escape(t('draft.gone_line', n=case_id))}</p></div>"
    )
