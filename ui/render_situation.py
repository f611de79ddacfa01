"""The situation as understood, and whether there is a precedent, as HTML.

Pure functions: records in, a string out, every value escaped. What was not said is shown as not stated.
"""

from collections.abc import Sequence
from html import escape

from assistant.answer import Label, Recommendation, SeverityReading, Situation, Unknown, Verdict
from ui.wording import Wording, chance

__all__ = ["situation", "verdict"]


def situation(words: Wording, recommendation: Recommendation) -> str:
    """Category, place, time, severity with its reasons, figures, and the questions that are still open."""
    t, seen = words.t, recommendation.situation
    rows = [
        ("category", _value(words, _category(words, seen))),
        ("place", _value(words, words.where(seen))),
        ("time", _value(words, words.moment_read(seen.occurred_at) if seen.occurred_at else None)),
        ("quantities", _value(words, t("list.comma").join(words.quantity(quantity) for quantity in seen.quantities))),
        ("severity", _severity(words, seen.severity)),
    ]
    listed = "".join(
        f'<div class="row row-{name}"><dt>{escape(t(f"situation.{name}"))}</dt><dd>{value}</dd></div>'
        for name, value in rows
    )
    missing = _missing(words, seen, recommendation.unknowns)
    return (
        f'<section class="panel situation" aria-labelledby="h-situation"><h2 id="h-situation">'
        f"{escape(t('situation.title'))}</h2><dl>{listed}</dl>{missing}</section>"
    )


def _category(words: Wording, seen: Situation) -> str | None:
    """The category, or that none is clear and which is nearest."""
    name = words.category(seen.category.value) if seen.category else None
    if seen.unclear:
        return words.t("situation.unclear_nearest", value=name) if name else words.t("situation.unclear")
    return words.hedged(seen.category, name) if seen.category and name else None


def _value(words: Wording, value: str | None) -> str:
    return escape(value) if value else f'<span class="muted">{escape(words.t("situation.unstated"))}</span>'


def _severity(words: Wording, severity: SeverityReading) -> str:
    t = words.t
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in severity.reasons)
    danger = f'<b class="danger">{escape(t("situation.danger"))}</b>' if severity.danger_to_life else ""
    level = f'<span class="level level-{severity.level}">{escape(words.severity(severity.level))}</span>'
    estimated = f'<span class="muted">{escape(t("situation.estimated"))}</span>'
    listed = f'<ul class="reasons">{reasons}</ul>' if reasons else ""
    return f'<div class="graded">{level}{danger}{estimated}</div>{listed}'


def _missing(words: Wording, seen: Situation, unknowns: Sequence[Unknown]) -> str:
    t = words.t
    asked = {unknown.key for unknown in unknowns}
    questions = [unknown.question for unknown in unknowns]
    questions += [t(f"missing.{key}") for key in seen.missing if key not in asked and f"missing.{key}" in t.entries]
    if not questions:
        return ""
    rows = "".join(f"<li>{escape(question)}</li>" for question in questions)
    return f'<div class="missing"><h3>{escape(t("situation.missing"))}</h3><ul>{rows}</ul></div>'


def verdict(words: Wording, judged: Verdict) -> str:
    """The verdict in words, with its probability and what else it may be."""
    t, label = words.t, judged.label
    rest = t("list.comma").join(
        t(f"verdict.rest_{other}", p=chance(judged.probabilities.get(other, 0.0))) for other in Label if other != label
    )
    said = t(f"verdict.{label}_line", p=chance(judged.probability))
    title = t(f"verdict.{label}")
    if judged.doubtful:
        title, said = t("verdict.doubt"), t("verdict.new_doubt_line", p=chance(1 - judged.probability))
    return (
        f'<section class="panel verdict verdict-{label}" aria-labelledby="h-verdict"><h2 id="h-verdict">'
        f"{escape(title)}</h2><p>{escape(said)} "
        f'<span class="muted">{escape(t("verdict.rest", rest=rest))}</span></p></section>'
    )
