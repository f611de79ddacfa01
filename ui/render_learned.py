"""What changed, how it looks group by group, what was spent on trying, and what the log says of the new order alone, as
HTML.

Pure functions: an account in, a string out, every value escaped.
"""

from html import escape
from itertools import groupby

from assistant.learning.figures import METHODS, Figure
from assistant.learning.insight import Account, Change
from assistant.learning.ledger import MODES
from assistant.learning.offpolicy import LEAST, MOST_UNSUPPORTED
from assistant.learning.trial import Slice
from ui.learning_wording import between, change, command, credit, reading, share, slice_name, version
from ui.render_trace import traced
from ui.wording import Wording, percent

__all__ = ["changes", "estimates", "slices", "spent"]

SHOWN_SLICES = 6  # of each kind before the fold


def changes(words: Wording, account: Account) -> str:
    """The largest differences of two models, each with a bar to the right (more) or to the left (less)."""
    t = words.t
    title = f'<h3 id="h-changes">{escape(t("learning_changes.title"))}</h3>'
    if not account.changes:
        none = escape(t("learning_changes.none"))
        return f'<section class="panel" aria-labelledby="h-changes">{title}<p class="muted">{none}</p></section>'
    before, after = (version(words, name) for name in account.compared)
    key = "lead_trial" if account.state.standing.challenger else "lead_now"
    traits = [one for one in account.changes if ": " in one.name]
    most = max((abs(one.after - one.before) for one in traits), default=1.0)
    rows = "".join(_change(words, one, most) for one in traits)
    weighed = "".join(_weighed(words, one) for one in account.changes if one not in traits)
    return (
        f'<section class="panel changes" aria-labelledby="h-changes">{title}'
        f'<p class="hint">{escape(t(f"learning_changes.{key}", before=before, after=after))}</p>'
        f'<table class="changed"><thead class="only-heard"><tr><th scope="col">'
        f'{escape(t("learning_changes.what"))}</th><td></td><th scope="col">{escape(t("learning_changes.size"))}</th>'
        f"</tr></thead><tbody>{rows}</tbody></table>{f'<ul class=weighed>{weighed}</ul>' if weighed else ''}"
        f'<p class="from"><code>{escape(command(f"model:{account.compared[1]}"))}</code></p></section>'
    )


def _change(words: Wording, one: Change, most: float) -> str:
    what, way = change(words, one)
    size = one.after - one.before
    wide = 50 * abs(size) / most
    left = 50.0 if size > 0 else 50 - wide
    kind = "up" if size > 0 else "down"
    return (
        f'<tr class="{kind}"><th scope="row">{escape(what)}</th><td><svg viewBox="0 0 100 10" '
        f'preserveAspectRatio="none" aria-hidden="true"><rect x="{left:.1f}" width="{wide:.1f}" height="10"></rect>'
        f'<line x1="50" x2="50" y1="0" y2="10"></line></svg></td>'
        f'<td title="{credit(one.before)} → {credit(one.after)}">{escape(way)}</td></tr>'
    )


def _weighed(words: Wording, one: Change) -> str:
    what, way = change(words, one)
    weights = f"{credit(one.before)} → {credit(one.after)}"
    return f"<li>{escape(what)} <strong>{escape(way)}</strong> <span>{weights}</span></li>"


def slices(words: Wording, account: Account) -> str:
    """The gain by severity, district and department."""
    t = words.t
    title = f'<h3 id="h-slices">{escape(t("learning_slices.title"))}</h3>'
    if not account.slices:
        none = escape(t("learning_slices.none"))
        return f'<section class="panel" aria-labelledby="h-slices">{title}<p class="muted">{none}</p></section>'
    kinds = {kind: list(own) for kind, own in groupby(account.slices, key=lambda one: one[0][0])}
    tables = "".join(
        _slices(words, kind, kinds[kind]) for kind in ("severity", "district", "department") if kind in kinds
    )
    return (
        f'<section class="panel slices" aria-labelledby="h-slices">{title}'
        f'<p class="hint">{escape(t("learning_slices.lead"))}</p>{tables}</section>'
    )


def _slices(words: Wording, kind: str, own: list[tuple[Slice, Figure]]) -> str:
    t = words.t
    rows = [_slice(words, where, figure) for where, figure in own]
    heads = "".join(f'<th scope="col">{escape(t(f"learning_slices.{key}"))}</th>' for key in (kind, "times", "gain"))
    shown, rest = rows[:SHOWN_SLICES], rows[SHOWN_SLICES:]
    head = f"<thead><tr>{heads}</tr></thead>"
    more = (
        f"<details><summary>{escape(t('learning_slices.more', n=len(rest)))}</summary><table class='sliced'>"
        f'<thead class="only-heard"><tr>{heads}</tr></thead><tbody>{"".join(rest)}</tbody></table></details>'
        if rest
        else ""
    )
    return f'<table class="sliced">{head}<tbody>{"".join(shown)}</tbody></table>{more}'


def _slice(words: Wording, where: Slice, figure: Figure) -> str:
    values = figure.values
    kind, said = reading(words, values)
    inner = f"<b>{credit(values['mean'])}</b> <span>{escape(between(words, values))}</span>"
    return (
        f'<tr class="{kind}"><th scope="row">{escape(slice_name(words, where))}</th>'
        f"<td>{values['interactions'] or 0:,.0f}</td>"
        f"<td>{traced(inner, figure, hint=said)}</td></tr>"
    )


def spent(words: Wording, account: Account) -> str:
    """How answers were ordered: the share in which two orders were merged, none in emergencies."""
    t, answers = words.t, account.answers
    whole = len(answers[""].numbers)
    rows = "".join(_mode(words, mode, answers[mode], whole) for mode in MODES)
    broken = len(answers["broken"].numbers)
    said = t("learning_spent.broken", n=broken)
    return (
        f'<section class="panel spent" aria-labelledby="h-spent"><h3 id="h-spent">{escape(t("learning_spent.title"))}'
        f'</h3><table class="bars" aria-labelledby="h-spent"><thead class="only-heard"><tr><th scope="col">'
        f'{escape(t("learning_spent.mode"))}</th><td></td><th scope="col">{escape(t("learning_spent.number"))}</th>'
        f'</tr></thead><tbody>{rows}</tbody></table><p class="{"wrong" if broken else "hint"}">'
        f"{traced(escape(said), answers['broken'])}</p>"
        f'<p class="hint">{escape(t("learning_spent.lead"))}</p></section>'
    )


def _mode(words: Wording, mode: str, figure: Figure, whole: int) -> str:
    count = len(figure.numbers)
    return (
        f'<tr><th scope="row">{escape(words.t(f"learning_spent.{mode}"))}</th><td><svg viewBox="0 0 100 10" '
        f'preserveAspectRatio="none" aria-hidden="true"><rect width="{100 * count / max(1, whole):.1f}" height="10">'
        f'</rect></svg></td><td>{traced(f"{count:,}", figure)} <span class="muted">{share(count, whole)}</span>'
        "</td></tr>"
    )


def estimates(words: Wording, account: Account) -> str:
    """The off-policy estimates; where the log cannot tell, that and why."""
    t = words.t
    head = (
        f'<section class="panel estimates" aria-labelledby="h-estimate"><h3 id="h-estimate">'
        f'{escape(t("learning_estimate.title"))}</h3><p class="hint">{escape(t("learning_estimate.lead"))}</p>'
    )
    if not account.estimates:
        said = f"{t('learning_estimate.cannot')}{t('list.comma')}{t('learning_estimate.cannot_none')}"
        return f'{head}<p class="cannot">{escape(said)}</p></section>'
    first = account.estimates[METHODS[0]].values
    table = _estimates(words, account)
    reasons = []
    if (first["interactions"] or 0) < LEAST:
        reasons.append(t("learning_estimate.cannot_few", n=f"{first['interactions'] or 0:,.0f}", needed=f"{LEAST:,}"))
    if (first["unsupported"] or 0) > MOST_UNSUPPORTED:
        reasons.append(t("learning_estimate.cannot_unsupported", share=percent(first["unsupported"] or 0)))
    if not reasons:
        return f"{head}{table}</section>"
    told = "".join(f"<li>{escape(reason)}</li>" for reason in reasons)
    return (
        f'{head}<p class="cannot"><strong>{escape(t("learning_estimate.cannot"))}</strong></p><ul class="why">{told}'
        f"</ul><details><summary>{escape(t('learning_estimate.numbers'))}</summary>{table}</details></section>"
    )


def _estimates(words: Wording, account: Account) -> str:
    t = words.t
    heads = "".join(f'<th scope="col">{escape(t(f"learning_estimate.{key}"))}</th>' for key in ("method", "new", "old"))
    rows = ""
    for method in METHODS:
        figure = account.estimates[method]
        values = figure.values
        cells = "".join(
            f"<td><b>{values[key] or 0:.2f}</b> <span>{values[low] or 0:.2f}–{values[high] or 0:.2f}</span></td>"
            for key, low, high in (("value", "low", "high"), ("champion", "champion_low", "champion_high"))
        )
        rows += (
            f'<tr title="{escape(command(figure.name))}"><th scope="row">'
            f"{escape(t(f'learning_estimate.{method}'))}</th>{cells}</tr>"
        )
    first = account.estimates[METHODS[0]].values
    facts = (
        f"{t('learning_estimate.effective')} {first['effective'] or 0:,.0f} / {first['interactions'] or 0:,.0f} · "
        f"{t('learning_estimate.unsupported')} {percent(first['unsupported'] or 0)}"
    )
    return (
        f'<table class="sliced"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        f'<p class="hint">{escape(facts)}</p>'
    )
