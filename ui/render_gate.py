"""The conditions of the gate as HTML: a list of what holds and what does not, each with its figure and its limit.

Pure functions: an account in, a string out, every value escaped.
"""

from html import escape

from assistant.learning.figures import Figure
from assistant.learning.insight import Account
from assistant.learning.promotion import Condition
from ui.learning_wording import command, credit, slice_name, strength
from ui.render_trace import traced
from ui.wording import Wording, percent

__all__ = ["gate", "missing"]


def gate(words: Wording, account: Account) -> str:
    """The list of conditions; empty where nothing is on trial."""
    if not account.conditions:
        return ""
    t = words.t
    rows = "".join(_row(words, condition, figure) for condition, figure in account.conditions)
    ready = all(condition.held is not False for condition, _ in account.conditions)
    told = t("learning_gate.person_ready" if ready else "learning_gate.person_early")
    person = _line("waiting", t("learning_gate.waiting"), t("learning_gate.person"), escape(told), "")
    details = "".join(_detail(words, condition, figure) for condition, figure in account.conditions)
    details += f"<dt>{escape(t('learning_gate.person'))}</dt><dd>{escape(t('learning_gate.person_detail'))}</dd>"
    return (
        f'<section class="panel gate" aria-labelledby="h-gate"><h3 id="h-gate">{escape(t("learning_gate.title"))}</h3>'
        f'<p class="hint">{escape(t("learning_gate.lead"))}</p><ul class="conditions">{rows}{person}</ul>'
        f"<details><summary>{escape(t('learning_gate.detail'))}</summary><dl>{details}</dl></details></section>"
    )


def missing(words: Wording, account: Account) -> list[str]:
    """The conditions that do not hold, in words."""
    return [words.t(f"learning_gate.{one.name}") for one, _ in account.conditions if one.held is False]


def _detail(words: Wording, condition: Condition, figure: Figure) -> str:
    t = words.t
    how = t(f"learning_gate.{condition.name}_detail", limit=f"{condition.limit:.0f}")
    return (
        f"<dt>{escape(t(f'learning_gate.{condition.name}'))}</dt>"
        f"<dd>{escape(how)} <code>{escape(command(figure.name))}</code></dd>"
    )


def _row(words: Wording, condition: Condition, figure: Figure) -> str:
    t = words.t
    kind = {True: "held", False: "missing", None: "unmeasured"}[condition.held]
    now, limit = _now(words, condition, figure), _limit(words, condition)
    return _line(
        kind, t(f"learning_gate.{kind}"), t(f"learning_gate.{condition.name}"), traced(escape(now), figure), limit
    )


def _line(kind: str, mark: str, title: str, numbers: str, limit: str) -> str:
    return (
        f'<li class="condition {kind}"><span class="mark">{escape(mark)}</span><span class="claim">{escape(title)}'
        f'</span><span class="figure">{numbers}</span><span class="limit">{escape(limit)}</span></li>'
    )


def _now(words: Wording, condition: Condition, figure: Figure) -> str:
    t, value = words.t, figure.values["figure"]
    if condition.name == "gold" and condition.held is None:
        return t("learning_gate.gold_none")
    if condition.name == "outcomes" and value is None:
        counts = {key: int(figure.values[key] or 0) for key in ("challenger", "champion", "needed")}
        return t(
            "learning_gate.outcomes_few", ours=counts["challenger"], theirs=counts["champion"], needed=counts["needed"]
        )
    if condition.name == "slices" and condition.note:
        what, _, which = condition.note.partition(": ")
        return t("learning_gate.slices_harmed", which=slice_name(words, (what, which)))
    if condition.name == "version" and condition.note:
        return t("learning_gate.version_lost")
    return t("learning_gate.unknown") if value is None else _said(words, condition.name, value)


def _limit(words: Wording, condition: Condition) -> str:
    key = {"harm": "below", "slices": "below", "share": "most", "top_one": "above"}.get(condition.name, "at_least")
    return words.t(f"learning_gate.{key}", n=_said(words, condition.name, condition.limit))


def _said(words: Wording, name: str, value: float) -> str:
    """A figure or a limit in the unit of its condition."""
    if name in ("evidence", "harm", "slices"):
        return strength(value)
    if name == "share":
        return percent(value)
    if name in ("interactions", "version"):
        return words.t("learning_gate.times", n=f"{value:,.0f}")
    if name == "people":
        return words.t("learning_gate.persons", n=f"{value:,.0f}")
    return credit(value)
