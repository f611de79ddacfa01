"""The gain of a comparison as HTML: a line with its band, as a drawing and as a table.

Pure functions: an account in, a string out, every value escaped. Drawings are SVG without words; what they show stands
beside them and in the table.
"""

import math
from collections.abc import Sequence
from html import escape

from assistant.learning.gain import Gain
from assistant.learning.insight import Account, TrialTold
from ui.learning_wording import between, credit, reading
from ui.render_trace import traced
from ui.wording import Wording

__all__ = ["course", "gain", "reach"]

WIDE, HIGH = 1000, 240


def gain(words: Wording, account: Account) -> str:
    """The last comparison in full, the earlier ones folded."""
    t = words.t
    if not account.trials:
        return ""
    *earlier, last = account.trials
    going = last.trial.end is None
    folded = "".join(
        f"<article><h4>{escape(t('learning_gain.trial', n=told.trial.number))}</h4>{_told(words, told)}</article>"
        for told in reversed(earlier)
    )
    more = f"<details><summary>{escape(t('learning_gain.earlier'))}</summary>{folded}</details>" if folded else ""
    number = t("learning_gain.trial_now" if going else "learning_gain.trial", n=last.trial.number)
    return (
        f'<section class="panel chart gain" aria-labelledby="h-gain"><h3 id="h-gain">{escape(t("learning_gain.title"))}'
        f' <small>{escape(number)}</small></h3><p class="hint">{escape(t("learning_gain.lead"))}</p>'
        f'{_told(words, last)}<p class="hint">{escape(t("learning_gain.scale"))}</p>{more}</section>'
    )


def _told(words: Wording, told: TrialTold) -> str:
    t, values = words.t, told.gain.values
    kind, said = reading(words, values)
    mean = t("learning_gain.value", mean=credit(values["mean"]))
    within = t("learning_gain.range", between=between(words, values))
    line = f'<p class="said {kind}"><strong>{escape(said)}</strong> {traced(escape(f"{mean} {within}"), told.gain)}</p>'
    if not told.course:
        return line
    return f"{line}{_drawing(words, told)}{_table(words, told.course)}"


def _drawing(words: Wording, told: TrialTold) -> str:
    t, values = words.t, told.gain.values
    size = told.course[-1].interactions
    label = t(
        "learning_gain.chart", number=told.trial.number, n=size, mean=credit(values["mean"]), low=credit(values["low"]),
        high=credit(values["high"]),
    )  # fmt: skip
    top = reach(told.course)
    marks: list[int] = []
    for version in told.trial.line[:-1]:
        marks.append((marks[-1] if marks else 0) + told.shown.get(version, 0))
    follows = f'<span class="follows">{escape(t("learning_gain.follows"))}</span>' if marks else "<span></span>"
    end = told.trial.end
    days = [words.moment(told.trial.began).rpartition(" ")[0] or words.moment(told.trial.began)]
    if end is not None:
        days.append(words.moment(end.at).rpartition(" ")[0] or words.moment(end.at))
    return (
        f'<div class="plot-gain"><span class="y up" aria-hidden="true">{credit(top)} '
        f'{escape(t("learning_gain.up"))}</span><span class="y down" aria-hidden="true">{credit(-top)} '
        f"{escape(t('learning_gain.down'))}</span>"
        f"{course(told.course, marks, label)}</div>"
        f'<div class="axis" aria-hidden="true"><span>{escape(days[0])}</span>{follows}'
        f"<span>{escape(' '.join([*days[1:], t('learning_gain.times', n=size)]))}</span></div>"
    )


def reach(points: Sequence[Gain]) -> float:
    """How far the drawing reaches above and below the line: a round tenth around what the later two thirds show.

    >>> reach([Gain(10, 0.1, -1.0, 1.0), Gain(20, 0.1, -0.21, 0.4), Gain(30, 0.1, 0.0, 0.2)])
    0.4
    """
    later = points[len(points) // 3 :] or points
    most = max(max(abs(one.low), abs(one.high), abs(one.mean)) for one in later)
    return min(1.0, max(0.1, math.ceil(round(most * 10, 6)) / 10))


def course(points: Sequence[Gain], marks: Sequence[int], label: str) -> str:
    """The drawing: the band, the line of the means, the line of no difference, and a dashed line at each of `marks`
    (interactions). What goes beyond the reach is cut."""
    top, size = reach(points), points[-1].interactions

    def x(interactions: int) -> str:
        return f"{WIDE * interactions / size:.1f}"

    def y(value: float) -> str:
        return f"{HIGH / 2 - HIGH / 2 * max(-1.0, min(1.0, value / top)):.1f}"

    upper = " ".join(f"{x(one.interactions)},{y(one.high)}" for one in points)
    lower = " ".join(f"{x(one.interactions)},{y(one.low)}" for one in reversed(points))
    means = " ".join(f"{x(one.interactions)},{y(one.mean)}" for one in points)
    dashes = "".join(f'<line class="follow" x1="{x(n)}" x2="{x(n)}" y1="0" y2="{HIGH}"></line>' for n in marks if n)
    return (
        f'<svg class="course" viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}">{dashes}<polygon points="{upper} {lower}"></polygon>'
        f'<line class="zero" x1="0" x2="{WIDE}" y1="{HIGH / 2:.0f}" y2="{HIGH / 2:.0f}"></line>'
        f'<polyline points="{means}"></polyline></svg>'
    )


def _table(words: Wording, points: Sequence[Gain]) -> str:
    t = words.t
    step = max(1, len(points) // 12)
    chosen = [*points[step - 1 :: step]]
    chosen += [points[-1]] if chosen[-1] is not points[-1] else []
    rows = "".join(
        f'<tr><th scope="row">{one.interactions:,}</th><td>{credit(one.mean)}</td>'
        f"<td>{escape(between(words, {'low': one.low, 'high': one.high}))}</td></tr>"
        for one in chosen
    )
    heads = "".join(
        f'<th scope="col">{escape(t(f"learning_gain.{key}"))}</th>' for key in ("number", "mean", "interval")
    )
    return (
        f"<details><summary>{escape(t('learning_gain.as_table'))}</summary><table class='plain'><thead><tr>{heads}</tr>"
        f"</thead><tbody>{rows}</tbody></table></details>"
    )
