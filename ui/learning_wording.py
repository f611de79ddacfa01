"""What was learned in words: versions, people, changes, slices, figures of the gate; in the language of the page.

Pure functions. Nothing here is escaped: it returns text, not HTML.
"""

import math
import re

from assistant.learning.advisor import SYSTEM
from assistant.learning.features import NAMES, NUMBERS
from assistant.learning.figures import Values
from assistant.learning.insight import Change
from assistant.learning.standing import FIXED
from assistant.learning.trial import Slice
from ui.wording import Wording, percent

__all__ = [
    "between",
    "change",
    "command",
    "credit",
    "reading",
    "share",
    "slice_name",
    "step_note",
    "strength",
    "version",
    "who",
]

_NUMBER = re.compile(r"p(\d+)-[0-9a-f]+")
_GROUPS = {NAMES[group]: group for group in NAMES if group not in (*NUMBERS, "usual")}
_NUMBERS = {NAMES[number]: number for number in NUMBERS}
_NOTES = {"evidence of harm": "harm", "not convincing in time": "patience"}
_MANY = 10_000


def version(words: Wording, name: str | None) -> str:
    """A version by its count; the fixed order by name. What is no version of ours stands as it is."""
    if name is None or name == FIXED:
        return words.t("learning.fixed")
    found = _NUMBER.fullmatch(name)
    return words.t("learning.version", n=int(found[1])) if found else name


def who(words: Wording, name: str) -> str:
    """Who did it; what runs by itself is the system."""
    return words.t("learning.system") if name == SYSTEM else name


def command(figure: str) -> str:
    """What lists the rows behind a figure.

    >>> command("trial:1")
    'precedent learn trace trial:1'
    """
    return f"precedent learn trace {figure}"


def credit(value: float | None) -> str:
    """A mean credit in −1 … 1 with its sign and two decimals.

    >>> credit(0.184), credit(-0.001), credit(None)
    ('+0.18', '0.00', '–')
    """
    if value is None:
        return "–"
    rounded = round(value, 2) or 0.0
    return f"{rounded:+.2f}".replace("-", "−") if rounded else "0.00"


def between(words: Wording, values: Values) -> str:
    """The interval of a gain."""
    return words.t("learning_gain.between", low=credit(values["low"]), high=credit(values["high"]))


def reading(words: Wording, values: Values) -> tuple[str, str]:
    """What an interval says: better, worse or unclear, and that in words."""
    low, high = values["low"] or 0.0, values["high"] or 0.0
    kind = "better" if low > 0 else "worse" if high < 0 else "unclear"
    return kind, words.t(f"learning_gain.{kind}")


def strength(value: float | None) -> str:
    """The wealth of a bet: what is large beyond use is cut.

    >>> strength(1.26), strength(0.004), strength(1e9), strength(400.0)
    ('1.3', '<0.1', '>10,000', '400')
    """
    if value is None or not math.isfinite(value):
        return "–" if value is None else f">{_MANY:,}"
    if value >= _MANY:
        return f">{_MANY:,}"
    return "<0.1" if 0 < value < 0.05 else f"{value:,.0f}" if value >= 20 else f"{value:.1f}"


def slice_name(words: Wording, where: Slice) -> str:
    """A slice by the name of its severity, district or department."""
    what, which = where
    if what == "severity" and which in ("1", "2", "3", "4"):
        return words.severity(int(which))
    named = words.district(which) if what == "district" else words.department(which)
    return named or which


def change(words: Wording, one: Change) -> tuple[str, str]:
    """What a change is about, and which way it goes, in words."""
    t = words.t
    rises = one.after > one.before
    if one.name in _NUMBERS:
        return t(f"learning_changes.{_NUMBERS[one.name]}"), t(f"learning_changes.{'more' if rises else 'less'}")
    label, _, key = one.name.partition(": ")
    way = t(f"learning_changes.{'up' if rises else 'down'}")
    group = _GROUPS.get(label)
    if group is None:
        return one.name, way
    thing, _, which = key.partition("|")
    what = words.action_type(thing) if group.startswith("type") else _family(words, thing)
    by = group.partition("_")[2]
    return (t(f"learning_changes.when_{by}", what=what, which=_which(words, by, which)) if by else what), way


def _family(words: Wording, family: str) -> str:
    known = f"learning_family.{family}"
    return words.t("learning_changes.family", name=words.t(known) if known in words.t.entries else family)


def _which(words: Wording, by: str, which: str) -> str:
    if by == "category":
        return words.category(which) or which
    if by in ("season", "severity"):
        known = f"learning_changes.{'severity_' if by == 'severity' else ''}{which}"
        return words.t(known) if known in words.t.entries else which
    return slice_name(words, (by, which))


def step_note(words: Wording, note: str) -> str:
    """The note of a step: what the gate wrote itself is said in the language of the page."""
    return words.t(f"learning_steps.{_NOTES[note]}") if note in _NOTES else note


def share(part: float, whole: float) -> str:
    """A part of a whole as a percentage; a dash where there is nothing."""
    return percent(part / whole) if whole else "–"
