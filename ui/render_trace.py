"""The way from a number to the rows of the log behind it, as HTML: each number names the command that lists them.

Pure functions; what is shown is escaped by who gives it.
"""

from collections.abc import Sequence
from html import escape

from assistant.learning.figures import Figure
from ui.learning_wording import command
from ui.texts import Texts

__all__ = ["traced", "traces"]


def traced(inner: str, figure: Figure | str, *, hint: str = "") -> str:
    """A number (`inner` is HTML) that says, when pointed at, which command lists its rows; `hint` stands before it.

    >>> traced("3", "answers")
    '<data value="answers" title="precedent learn trace answers">3</data>'
    """
    name = figure if isinstance(figure, str) else figure.name
    told = f"{hint} · {command(name)}" if hint else command(name)
    return f'<data value="{escape(name)}" title="{escape(told)}">{inner}</data>'


def traces(t: Texts, names: Sequence[str]) -> str:
    """The commands that list the rows behind the numbers of a page, ready to be copied."""
    rows = "".join(f"<li><code>{escape(command(name))}</code></li>" for name in names)
    return (
        f'<details class="panel traces"><summary>{escape(t("learning.trace"))}</summary>'
        f'<p class="hint">{escape(t("learning.trace_line"))}</p><ul>{rows}</ul></details>'
    )
