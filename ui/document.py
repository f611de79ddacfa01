"""A whole HTML document: the frame of every page that is not the chat. Which language it speaks is told from what was
chosen on any page, else from the browser.

The body is made elsewhere, every value in it escaped there.
"""

from collections.abc import Mapping, Sequence
from html import escape

from ui.assets import address
from ui.render import bar
from ui.texts import LANGUAGE_COOKIE, Texts, chosen_language, preferred_language, texts_in

__all__ = ["document", "spoken"]


def document(
    texts: Texts,
    *,
    title: str,
    body: str,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
    here: str,
    demo: bool,
    city: str = "",
) -> str:
    """The document. `styles` and `scripts` are names of files in `static`, `here` is the address of the place in the
    bar that the page belongs to. Scripts run when the document is there."""
    t = texts
    other = "en" if t.language == "zh" else "zh"
    language = (
        f'<a class="quiet" href="?lang={other}" lang="{other}" hreflang="{other}" data-language="{other}" '
        f'title="{escape(t("header.switch_language_hint"))}">{escape(t("header.switch_language"))}</a>'
    )
    links = "".join(
        f'<link rel="stylesheet" href="{address(name)}">'
        for name in ("palette.css", "pieces.css", "document.css", *styles)
    )
    deferred = "".join(f'<script src="{address(name)}" defer></script>' for name in scripts)
    shown = f"{title} · {t('brand.name')}"
    top = bar(t, city, demo=demo, here=here, skip="content", title=shown, language=language)
    return (
        f'<!doctype html><html lang="{"zh-CN" if t.language == "zh" else "en"}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(shown)}</title>'
        f'<link rel="icon" href="data:,">{links}<script src="{address("document.js")}"></script>{deferred}</head>'
        f'<body>{top}<main id="content" tabindex="-1">{body}</main></body></html>'
    )


def spoken(named: str | None, cookies: Mapping[str, str], accept_language: str | None) -> Texts:
    """The texts in the language named in the address, else chosen before, else preferred by the browser.

    >>> spoken(None, {"precedent-language": "en"}, "zh-CN").language, spoken("zh", {}, "en").language
    ('en', 'zh')
    """
    chosen = chosen_language(named) or chosen_language(cookies.get(LANGUAGE_COOKIE))
    return texts_in(chosen or preferred_language(accept_language))
