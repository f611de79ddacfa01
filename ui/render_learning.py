"""What was learned as HTML: the whole page, and its first part, which says how things stand now.

Pure functions: an account in, a string out, every value escaped. The parts below have modules of their own.
"""

from html import escape

from assistant.learning.insight import Account
from assistant.learning.standing import FIXED
from knowledge.task import Person
from ui.learning_wording import share, version, who
from ui.render_gain import gain
from ui.render_gate import gate, missing
from ui.render_learned import changes, estimates, slices, spent
from ui.render_person import you
from ui.render_tasks import notice
from ui.render_trace import traced, traces
from ui.render_versions import steps, versions
from ui.wording import Wording

__all__ = ["learning_page"]


def learning_page(words: Wording, account: Account, person: Person | None, *, told: str = "", alert: str = "") -> str:
    """The whole page. `told` is what has just been done, `alert` what could not be."""
    t = words.t
    top = (
        f'<div class="page-top"><h2>{escape(t("learning.title"))}</h2>{you(words, person, back="/learning")}</div>'
        f'<p class="lead">{escape(t("learning.lead"))}</p>{notice(told)}{notice(alert, bad=True)}'
    )
    if not account.steps:
        return f'{top}<div class="learned">{_empty(words, account)}</div>'
    hurt = t("list.comma").join(version(words, name) for name in account.state.damaged)
    parts = (
        notice(t("learning.damaged", versions=hurt) if hurt else "", bad=True),
        _now(words, account),
        gate(words, account),
        gain(words, account),
        f'<div class="two"><div class="stack">{changes(words, account)}{spent(words, account)}'
        f"{estimates(words, account)}</div>{slices(words, account)}</div>",
        f'<div class="two wide-left">{versions(words, account)}{steps(words, account)}</div>',
        traces(words.t, _named(account)),
    )
    return f'{top}<div class="learned">{"".join(parts)}</div>'


def _named(account: Account) -> list[str]:
    """The names of the figures of the page, in its order."""
    figures = [*account.answers.values(), account.choices, *(figure for _, figure in account.conditions)]
    for told in reversed(account.trials):
        figures += [told.gain, *told.versions]
    figures += [figure for _, figure in account.slices]
    figures += list(account.estimates.values())
    names = [figure.name for figure in figures]
    names += [f"model:{name}" for name in account.labels]
    return names + [f"gate:{number}" for number, _ in account.steps]


def _empty(words: Wording, account: Account) -> str:
    t = words.t
    have, wanted = int(account.choices.values["count"] or 0), account.state.wanted
    line = t("learning.empty_have", n=have, left=max(0, wanted - have))
    rows = "".join(f"<li>{escape(t(f'learning.empty_how_{n}'))}</li>" for n in (1, 2, 3))
    wide = 100 * min(have, wanted) / max(1, wanted)
    answered = account.answers[""]
    return (
        f'<section class="panel empty-learning"><h3>{escape(t("learning.empty_title"))}</h3>'
        f"<p>{escape(t('learning.empty_line', wanted=wanted))}</p>"
        f'<div class="so-far"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" width="100" height="8"></rect><rect width="{wide:.1f}" height="8"></rect></svg>'
        f"<p>{traced(escape(line), account.choices)} "
        f'<span class="muted">{escape(t("learning.answers"))} {traced(str(len(answered.numbers)), answered)}</span></p>'
        f"</div><ul>{rows}</ul></section>{traces(words.t, _named(account))}"
    )


def _now(words: Wording, account: Account) -> str:
    t, standing = words.t, account.state.standing
    name = version(words, standing.champion)
    hint = f'<p class="hint">{escape(t("learning.fixed_hint"))}</p>' if standing.champion == FIXED else ""
    return (
        f'<section class="panel now" aria-labelledby="h-now"><h3 id="h-now" class="only-heard">'
        f'{escape(t("learning.now"))}</h3><div class="standing"><div><h4>{escape(t("learning.in_force"))}</h4>'
        f'<p class="name">{escape(name)}</p><p class="since">{_since(words, account)}</p>{hint}</div>'
        f"{_trial(words, account)}</div>{_figures(words, account)}{_former(words, account)}</section>"
    )


def _since(words: Wording, account: Account) -> str:
    t = words.t
    if account.since is None:
        return escape(t("learning.since_start"))
    number, step = account.since
    key = "learning.since" if step.kind == "promoted" else "learning.since_back"
    return traced(escape(t(key, at=words.moment(step.at), who=who(words, step.by))), f"gate:{number}")


def _trial(words: Wording, account: Account) -> str:
    t, standing = words.t, account.state.standing
    head = f"<h4>{escape(t('learning.on_trial'))}</h4>"
    if standing.challenger is None:
        told = t("learning.trial_paused") if standing.paused else t("learning.trial_none")
        return f'<div>{head}<p class="name none">{escape(told)}</p>{_waiting(words, account)}</div>'
    last = account.trials[-1]
    since = t("learning.trial_since", at=words.moment(last.trial.began), n=int(last.gain.values["interactions"] or 0))
    paused = f"<p>{escape(t('learning.trial_paused'))}</p>" if standing.paused else ""
    return (
        f'<div>{head}<p class="name">{escape(version(words, standing.challenger))}</p>'
        f'<p class="since">{traced(escape(since), last.gain)}</p>{paused}{_decision(words, account)}</div>'
    )


def _decision(words: Wording, account: Account) -> str:
    t, challenger = words.t, account.state.standing.challenger
    lacking = missing(words, account)
    ready = bool(account.conditions) and not lacking
    reject = f'<a class="quiet" href="/learning/reject/{escape(str(challenger))}">{escape(t("learning.reject"))}</a>'
    if ready:
        line = t("learning.needs_you_line", name=version(words, challenger))
        approve = (
            f'<a class="quiet strong" href="/learning/approve/{escape(str(challenger))}">'
            f"{escape(t('learning.approve'))}</a>"
        )
        return (
            f'<div class="decide ready"><p><strong>{escape(t("learning.needs_you"))}</strong> {escape(line)}</p>'
            f'<p class="buttons">{approve} {reject}</p></div>'
        )
    line = t.count("learning.needs_more", len(lacking), missing=t("list.mark").join(lacking))
    return f'<div class="decide"><p>{escape(line)}</p><p class="buttons">{reject}</p></div>'


def _waiting(words: Wording, account: Account) -> str:
    t = words.t
    count = int(account.choices.values["count"] or 0)
    hint = t("learning.waiting_hint", wanted=account.state.wanted)
    return f'<p class="hint">{escape(t("learning.waiting"))} {traced(str(count), account.choices)} · {escape(hint)}</p>'


def _figures(words: Wording, account: Account) -> str:
    t, answers = words.t, account.answers
    counts = {kind: len(figure.numbers) for kind, figure in answers.items()}
    newest = max(account.fitted, key=lambda name: account.fitted[name].at) if account.fitted else None
    choices, outcomes = account.labels.get(newest, (0, 0)) if newest else (0, 0)
    broken = t("learning.broken", n=counts["broken"]) if counts["broken"] else t("learning.broken_none")
    merged = f"{counts['interleave']:,} ({share(counts['interleave'], counts[''])})"
    rows = [
        ("answers", f"{counts['']:,}", answers[""].name, ""),
        ("merged", merged, answers["interleave"].name, escape(t("learning.merged_hint"))),
        (
            "careful", f"{counts['careful']:,}", answers["careful"].name,
            f"{escape(t('learning.careful_hint'))}<br>{traced(escape(broken), answers['broken'])}",
        ),
        (
            "used", t("learning.used_value", choices=f"{choices:,}"), f"model:{newest}",
            escape(t("learning.used_hint", outcomes=f"{outcomes:,}")),
        ),
        (
            "waiting", f"{len(account.choices.numbers):,}", account.choices.name,
            escape(t("learning.waiting_hint", wanted=account.state.wanted)),
        ),
    ]  # fmt: skip
    shown = "".join(
        f"<div><dt>{escape(t(f'learning.{key}'))}</dt><dd>{traced(escape(value), name)}"
        f"{f'<small>{more}</small>' if more else ''}</dd></div>"
        for key, value, name, more in rows
    )
    return f'<dl class="figures">{shown}</dl>'


def _former(words: Wording, account: Account) -> str:
    """What can be brought back."""
    t, standing = words.t, account.state.standing
    former = [name for name in dict.fromkeys(reversed(standing.former)) if name != standing.champion]
    if not former:
        return ""
    links = " ".join(
        f'<a class="quiet" href="/learning/rollback/{escape(name)}">{escape(version(words, name))}</a>'
        for name in former
    )
    return (
        f'<details class="former"><summary>{escape(t("learning.roll_back"))}</summary>'
        f'<p class="buttons"><span>{escape(t("learning_decide.back_to"))}</span> {links}</p></details>'
    )
