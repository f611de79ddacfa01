"""The question whether an adopted action worked, as HTML.

Pure functions: records in, a string out, every value escaped.
"""

from html import escape

from ui.render import button
from ui.session import Question
from ui.wording import CITY_TIME, Wording

__all__ = ["question"]

_SHORT = 60  # characters of the question that the action answered


def question(words: Wording, asked: Question | None) -> str:
    """The question with its answers, or what was answered with a way to change it; empty where nothing is asked. Once
    an effect was told, it can be corrected and not be put off."""
    if asked is None:
        return ""
    t, about = words.t, asked.about
    if not asked.open and asked.answer:
        change = button(t("follow_up.change"), "follow_up", classes="link", kind="change", focus="change-follow")
        close = button(t("follow_up.close"), "follow_up", classes="link", kind="dismiss", focus="done-follow")
        thanks = escape(t(f"follow_up.thanks_{asked.answer}"))
        return f'<section class="follow-up done"><p role="status">{thanks}</p>{change}{close}</section>'
    kinds = ("worked", "failed") if asked.answer else ("worked", "failed", "later")
    answers = "".join(button(t(f"follow_up.{kind}"), "follow_up", kind=kind, focus=f"{kind}-follow") for kind in kinds)
    matter = " ".join(about.question.split())
    matter = matter if len(matter) <= _SHORT else matter[: _SHORT - 1] + "…"
    day = words.moment(about.adopted_at.astimezone(CITY_TIME).replace(hour=0, minute=0, second=0, microsecond=0))
    dismiss = (
        f'<button type="button" class="link dismiss" data-event="follow_up" data-kind="dismiss">'
        f"{escape(t('follow_up.dismiss'))}</button>"
    )
    return (
        f'<section class="follow-up" aria-labelledby="h-follow"><h2 id="h-follow">{escape(t("follow_up.title"))}</h2>'
        f'<p class="what">{escape(about.text)}</p>'
        f'<p class="hint">{escape(t("follow_up.when", day=day, question=matter))}</p>'
        f'<div class="answers">{answers}{dismiss}</div></section>'
    )
