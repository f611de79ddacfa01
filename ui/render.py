"""The frame of the page as HTML: header, welcome, list of conversations, and the empty, loading and error states;
and what may be shown as Markdown.

Pure functions: texts and records in, a string out, every value escaped. Buttons carry `data-event`, the name of the
event that `static/page.js` sends. Situation, actions and cases have modules of their own.
"""

import re
from collections.abc import Iterable, Sequence
from html import escape

from ui.facade import Head
from ui.texts import Texts
from ui.wording import Wording

__all__ = [
    "PLACES",
    "bar",
    "button",
    "conversations",
    "empty",
    "facts",
    "header",
    "loading",
    "problem",
    "safe_markdown",
    "verbatim_markdown",
    "welcome",
]

Places = Sequence[tuple[str, str]]
# Where one can go from any page: the address, and the key of its name.
PLACES: Places = (
    ("/", "header.ask"),
    ("/hotline", "header.hotline"),
    ("/tasks", "header.tasks"),
    ("/learning", "header.learning"),
)
_CASE_LINK = re.compile(r"\]\((#case-\d{1,12})\)")
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&@=])")


def safe_markdown(text: str) -> str:
    """Markdown whose HTML, images and outward links are shown as characters; links to cases (#case-12) stay links.

    >>> safe_markdown("**见** [案例](#case-3) <script>x</script> ![a](http://example.org/a.png)")
    '**见** [案例](#case-3) &lt;script>x&lt;/script> !\\\\[a]\\\\(http://example.org/a.png)'
    """
    kept = _CASE_LINK.sub("]\x00\\1\x00", text.replace("\x00", ""))
    plain = kept.replace("&", "&amp;").replace("<", "&lt;").replace("![", "!\\[")
    plain = plain.replace("](", "]\\(").replace("]:", "]\\:").replace("][", "]\\[").replace("```", "\\`\\`\\`")
    return re.sub("\x00([^\x00]*)\x00", r"(\1)", plain)


def verbatim_markdown(text: str) -> str:
    """Markdown that shows the text as it was typed: every character that Markdown reads is escaped.

    >>> verbatim_markdown("1. *急* <b>")
    '1\\\\. \\\\*急\\\\* \\\\<b\\\\>'
    """
    return "\n".join(_SPECIAL.sub(r"\\\1", line.strip()) for line in text.splitlines())


def facts(parts: Iterable[str | None], lead: str = "") -> str:
    """A line of short facts in small print, those that are None left out; `lead` is HTML that goes before them."""
    told = "".join(f"<span>{escape(part)}</span>" for part in parts if part)
    return f'<p class="meta">{lead}<span class="parts">{told}</span></p>'


def button(label: str, event: str, *, classes: str = "", hint: str | None = None, **data: object) -> str:
    """A button that sends `event` with its data attributes (a_b becomes data-a-b)."""
    attributes = "".join(f' data-{name.replace("_", "-")}="{escape(str(value))}"' for name, value in data.items())
    title = f' title="{escape(hint)}" aria-label="{escape(hint)}"' if hint else ""
    return (
        f'<button type="button" class="{escape(classes or "quiet")}" data-event="{escape(event)}"{attributes}{title}>'
        f"{escape(label)}</button>"
    )


def header(t: Texts, city: str, *, demo: bool) -> str:
    """The bar across the top of the chat: name, places to go, city, language switch, light and dark."""
    language = button(t("header.switch_language"), "language", classes="quiet", hint=t("header.switch_language_hint"))
    return bar(t, city, demo=demo, here="/", skip="results", title=t("brand.page_title"), language=language)


def bar(
    t: Texts, city: str, *, demo: bool, here: str, skip: str, title: str, language: str, places: Places = PLACES
) -> str:
    """The bar of any page. `here` is the address of the place it belongs to, `skip` the id of what comes after it,
    `language` the switch as HTML, `places` where one can go."""
    note = f'<span class="demo-note">{escape(t("brand.demo"))}</span>' if demo else ""
    theme = (
        f'<button type="button" class="quiet theme" data-local="theme" title="{escape(t("header.theme_hint"))}">'
        f'<span class="when-light">{escape(t("header.theme_dark"))}</span>'
        f'<span class="when-dark">{escape(t("header.theme_light"))}</span></button>'
    )
    links = "".join(
        f'<a class="place" href="{address}"{" aria-current=page" if address == here else ""}>{escape(t(key))}</a>'
        for address, key in places
    )
    return (
        f'<header class="bar" data-language="{t.language}" data-title="{escape(title)}">'
        f'<a class="skip" href="#{skip}" data-local="skip">{escape(t("header.skip"))}</a>'
        f'<h1><span class="name" lang="zh">{escape(t("brand.name"))}</span> '
        f'<span class="latin" lang="en">{escape(t("brand.latin"))}</span></h1>'
        f'<nav class="places" aria-label="{escape(t("header.places"))}">{links}</nav>'
        f'<span class="city">{escape(city)}</span>{note}'
        f'<span class="tools">{language}{theme}</span></header>'
    )


def welcome(t: Texts, examples: Sequence[str]) -> str:
    """What stands in the conversation before the first question."""
    rows = "".join(f"<li>{button(text, 'example', classes='example', text=text)}</li>" for text in examples)
    below = f'<h3>{escape(t("chat.examples"))}</h3><ul class="examples">{rows}</ul>' if rows else ""
    return (
        f'<section class="welcome"><h2>{escape(t("chat.welcome"))}</h2>'
        f"<p>{escape(t('chat.welcome_hint'))}</p>{below}</section>"
    )


def conversations(words: Wording, heads: Sequence[Head], current: str | None) -> str:
    """My conversations as a drawer, newest first as given, and the button that starts a new one."""
    t = words.t
    rows = "".join(_conversation(words, head, is_current=head.conversation_id == current) for head in heads)
    inside = f"<ul>{rows}</ul>" if rows else f'<p class="muted">{escape(t("chat.history_empty"))}</p>'
    new = button(t("chat.new"), "new_conversation", classes="quiet")
    count = f' <span class="count">{len(heads)}</span>' if heads else ""
    return (
        f'<div class="history">{new}<details id="history" data-keep="history">'
        f"<summary>{escape(t('chat.history'))}{count}</summary>{inside}</details></div>"
    )


def _conversation(words: Wording, head: Head, *, is_current: bool) -> str:
    t = words.t
    told = [words.moment(head.started_at), t.count("chat.history_turns", head.turns)]
    if is_current:
        told.append(t("chat.history_current"))
    mark = ' aria-current="true"' if is_current else ""
    return (
        f'<li><button type="button" class="conversation" data-event="open_conversation"{mark} '
        f'data-conversation="{escape(head.conversation_id)}"><span>{escape(head.title)}</span>'
        f"<small>{escape(t('list.comma').join(told))}</small></button></li>"
    )


def empty(t: Texts, cases: int) -> str:
    """The results before the first question."""
    lines = "".join(f"<li>{escape(t(f'empty.line_{n}'))}</li>" for n in (1, 2, 3))
    return (
        f'<section class="state empty"><h2>{escape(t("empty.title"))}</h2><ul>{lines}</ul>'
        f'<p class="muted">{escape(t.count("empty.stock", cases))}</p></section>'
    )


def loading(t: Texts) -> str:
    """The results while the answer is being made."""
    bones = '<div class="bones" aria-hidden="true"><i></i><i></i><i></i><i></i></div>'
    return (
        f'<section class="state loading" role="status"><h2>{escape(t("loading.title"))}</h2>'
        f"<p>{escape(t('loading.line'))}</p>{bones}</section>"
    )


def problem(t: Texts, sentence: str) -> str:
    """The results when there is no answer: what is wrong and what to do next."""
    return (
        f'<section class="state problem" role="alert"><h2>{escape(t("problem.title"))}</h2>'
        f'<p>{escape(sentence)}</p><p class="muted">{escape(t("problem.kept"))}</p></section>'
    )
