"""The versions and what happened to them as HTML, and the page on which a decision is confirmed.

Pure functions: an account in, a string out, every value escaped.
"""

from collections.abc import Sequence
from html import escape

from assistant.learning.events import GateEvent
from assistant.learning.figures import Figure
from assistant.learning.insight import Account
from knowledge.task import Person
from ui.learning_wording import between, command, credit, reading, step_note, version, who
from ui.render_person import person_form
from ui.render_trace import traced
from ui.task_wording import person as named
from ui.texts import Texts
from ui.wording import Wording

__all__ = ["DECISIONS", "decide", "steps", "versions"]

DECISIONS = ("approve", "reject", "rollback")
LONGEST_NOTE = 500  # characters
SHOWN = 6  # versions before the fold
SHOWN_STEPS = 8
Numbered = tuple[int, GateEvent]


def steps(words: Wording, account: Account) -> str:
    """What happened, the newest first; versions that followed one another in a comparison are one line."""
    t = words.t
    told = [_step(words, group) for group in reversed(_grouped(account.steps))]
    shown, rest = "".join(told[:SHOWN_STEPS]), "".join(told[SHOWN_STEPS:])
    more = (
        f"<details><summary>{escape(t('learning_slices.more', n=len(told) - SHOWN_STEPS))}</summary>"
        f'<ol class="timeline">{rest}</ol></details>'
        if rest
        else ""
    )
    return (
        f'<section class="panel" aria-labelledby="h-steps"><h3 id="h-steps">{escape(t("learning_steps.title"))}</h3>'
        f'<ol class="timeline">{shown}</ol>{more}</section>'
    )


def _grouped(numbered: Sequence[Numbered]) -> list[list[Numbered]]:
    """Steps by what is told in one line: a version that is made and put on trial is one step, and so are those that
    follow one another."""
    groups: list[list[Numbered]] = []
    tried: str | None = None
    for number, step in numbered:
        if step.kind == "fitted":
            continue
        follows = step.kind == "trial" and tried is not None and step.challenger not in (None, tried)
        if follows and groups and _is_follow(groups[-1]):
            groups[-1].append((number, step))
        else:
            groups.append([(number, step)])
        if step.kind == "trial":
            tried = step.challenger or tried
        elif step.kind in ("promoted", "refused", "suspended", "rolled_back"):
            tried = None
    return groups


def _is_follow(group: Sequence[Numbered]) -> bool:
    """Whether the last line tells of versions that came into a running comparison."""
    return len(group) > 1 or (group[0][1].kind == "trial" and bool(group[0][1].figures))


def _step(words: Wording, group: Sequence[Numbered]) -> str:
    t = words.t
    number, step = group[-1]
    challenger, champion = version(words, step.challenger), version(words, step.champion)
    if _is_follow(group):
        said = t.count("learning_steps.follow", len(group), version=challenger)
    elif step.kind == "trial" and step.challenger is None:
        said = t("learning_steps.resumed")
    elif step.kind == "rolled_back":
        said = t("learning_steps.rolled_back", version=champion)
        said += t("learning_steps.rolled_from", version=challenger) if step.challenger else ""
    else:
        said = t(f"learning_steps.{step.kind}", version=challenger, champion=champion)
    at = t("learning_steps.by", at=words.moment(step.at), who=who(words, step.by))
    note = step_note(words, step.note)
    shown = note if note != step.note else t("learning_steps.note", note=note) if note else ""
    given = f'<p class="note">{escape(shown)}</p>' if shown else ""
    return (
        f'<li class="entry entry-{step.kind}" title="{escape(command(f"gate:{number}"))}"><p>{escape(_upper(said))}</p>'
        f'<p class="hint">{escape(at)}</p>{given}</li>'
    )


def _upper(text: str) -> str:
    """A sentence begins with a capital, also where it begins with a name."""
    return text[:1].upper() + text[1:]


def versions(words: Wording, account: Account) -> str:
    """Every version: from what it was made, how often it was shown, how it did, what became of it; the newest first."""
    t = words.t
    figures = {told.name.partition(":")[2]: told for trial in account.trials for told in trial.versions}
    rows = [_version(words, account, name, figures.get(name)) for name in reversed(list(account.labels))]
    heads = "".join(
        f'<th scope="col">{escape(t(f"learning_versions.{key}"))}</th>'
        for key in ("version", "made_from", "shown", "gain", "fate")
    )
    rest = "".join(rows[SHOWN:])
    more = (
        f"<details><summary>{escape(t('learning_versions.more', n=len(rows) - SHOWN))}</summary>"
        f'<table class="versions"><thead class="only-heard"><tr>{heads}</tr></thead><tbody>{rest}</tbody></table>'
        "</details>"
        if rest
        else ""
    )
    return (
        f'<section class="panel" aria-labelledby="h-versions"><h3 id="h-versions">'
        f'{escape(t("learning_versions.title"))}</h3><table class="versions"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(rows[:SHOWN])}</tbody></table>{more}"
        f'<p class="hint">{escape(t("learning_versions.file"))}</p></section>'
    )


def _version(words: Wording, account: Account, name: str, figure: Figure | None) -> str:
    t = words.t
    choices, outcomes = account.labels[name]
    made = t("learning_versions.made", choices=f"{choices:,}", outcomes=f"{outcomes:,}")
    shown = f"{figure.values['interactions'] or 0:,.0f}" if figure else "0"
    did = (
        traced(f"<b>{credit(figure.values['mean'])}</b> <span>{escape(between(words, figure.values))}</span>", figure)
        if figure
        else '<span class="muted">–</span>'
    )
    fitted = account.fitted.get(name)
    when = f"<small>{escape(words.moment(fitted.at))}</small>" if fitted else ""
    fate = _fate(account, name)
    return (
        f'<tr class="fate-{fate}"><th scope="row"><span title="{escape(name)}">{escape(version(words, name))}</span>'
        f'{when}</th><td title="{escape(command(f"model:{name}"))}">{escape(made)}</td><td>{shown}</td><td>{did}</td>'
        f"<td>{escape(t(f'learning_versions.{fate}'))}</td></tr>"
    )


def _fate(account: Account, name: str) -> str:
    standing = account.state.standing
    if name == standing.champion:
        return "now"
    if name == standing.challenger:
        return "trial"
    if name in standing.former:
        return "former"
    for told in account.trials:
        if name in told.trial.line:
            end = told.trial.end
            if name == told.trial.line[-1] and end is not None and end.kind in ("refused", "suspended"):
                return end.kind
            return "followed" if name != told.trial.line[-1] else "refused"
    return "waiting"


def decide(
    words: Wording, account: Account, person: Person | None, *, do: str, name: str, note: str = "", problem: str = ""
) -> str:
    """The page on which a decision is confirmed; whoever is not known is asked first."""
    t = words.t
    shown = version(words, name)
    title = t(f"learning_decide.{do}", version=shown)
    back = f'<p class="way"><a href="/learning">← {escape(t("learning.title"))}</a></p>'
    if person is None:
        form = person_form(words, back=f"/learning/{do}/{name}", lead=t("learning_decide.who_first"))
        return f'{back}<h2 class="asked">{escape(title)}</h2>{form}'
    champion = version(words, account.state.standing.champion)
    line = t(f"learning_decide.{do}_line", version=shown, **({"champion": champion} if do == "rollback" else {}))
    told = "" if do == "rollback" else _so_far(words, account)
    who = t("learning_decide.as", who=named(words, person.name, person.department))
    return (
        f'{back}<section class="panel deciding" aria-labelledby="h-decide"><h2 id="h-decide">{escape(title)}</h2>'
        f"<p>{escape(line)}</p>{told}{_form(t, do=do, name=name, note=note, problem=problem, who=who)}</section>"
    )


def _so_far(words: Wording, account: Account) -> str:
    """What the comparison says that is decided about."""
    if not account.trials:
        return ""
    gain = account.trials[-1].gain
    _, said = reading(words, gain.values)
    t = words.t
    mean = t("learning_gain.value", mean=credit(gain.values["mean"]))
    within = t("learning_gain.range", between=between(words, gain.values))
    times = t("learning_gain.times", n=f"{gain.values['interactions'] or 0:,.0f}")
    parts = (said, f"{mean} {within}", times)
    return f'<p class="hint">{escape(t("list.comma").join(parts))}</p>'


def _form(t: Texts, *, do: str, name: str, note: str, problem: str, who: str) -> str:
    wrong = f'<p class="wrong" role="alert">{escape(problem)}</p>' if problem else ""
    return (
        f'<form method="post" action="/learning/{do}/{escape(name)}">{wrong}<label><span>'
        f'{escape(t("learning_decide.note"))}</span><textarea class="field" name="note" rows="3" '
        f'maxlength="{LONGEST_NOTE}" placeholder="{escape(t("learning_decide.note_hint"))}">\n{escape(note)}</textarea>'
        f'</label><p class="hint">{escape(who)}</p><p class="buttons"><button type="submit" class="main">'
        f'{escape(t(f"learning_decide.confirm_{do}"))}</button> <a class="quiet" href="/learning">'
        f"{escape(t('learning_decide.cancel'))}</a></p></form>"
    )
