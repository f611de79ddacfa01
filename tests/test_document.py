"""Documents: whole HTML with addresses that follow the content of their files, in the language that was chosen."""

import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from knowledge.errors import NotFound
from ui.assets import add_assets, address, content
from ui.document import document, spoken
from ui.texts import texts_in


def _document(title: str = "热线", language: str = "zh") -> str:
    return document(
        texts_in(language), title=title, body="<p>来电</p>", styles=["hotline.css"], scripts=["hotline.js"],
        here="/hotline", demo=True, city="云州市",
    )  # fmt: skip


def test_a_document_has_language_title_places_and_its_files() -> None:
    page = _document()
    assert '<html lang="zh-CN">' in page
    assert "<title>热线 · 先例</title>" in page
    assert '<a class="place" href="/hotline" aria-current=page>热线</a>' in page
    assert '<a class="place" href="/">询问</a>' in page
    assert 'href="?lang=en"' in page
    assert "演示数据" in page
    for name in ("palette.css", "pieces.css", "document.css", "hotline.css", "document.js", "hotline.js"):
        assert address(name) in page
    assert '<html lang="en">' in _document(language="en")


def test_a_title_stays_text_and_nothing_runs_inline() -> None:
    page = _document("<script>x</script>")
    assert "<script>x" not in page
    assert not re.search(r"\son\w+=", page)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))


def test_files_have_addresses_of_their_content() -> None:
    app = FastAPI()
    add_assets(app)
    with TestClient(app) as client:
        answer = client.get(address("palette.css"))
        assert answer.content == content("palette.css")
        assert answer.headers["content-type"].startswith("text/css")
        assert "immutable" in answer.headers["cache-control"]
        old = client.get("/pages/000000000000/hotline.js")
        assert old.headers["cache-control"] == "no-cache"
        assert old.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("name", ["texts/zh.toml", "../server.py", "texts", "nothing.css", "hotline.css/"])
def test_nothing_else_is_given_out(name: str) -> None:
    with pytest.raises(NotFound):
        content(name)


def test_every_style_uses_known_colours_only() -> None:
    folder = Path(__file__).parents[1] / "ui" / "static"
    known = set(re.findall(r"(--[a-z0-9-]+):", (folder / "palette.css").read_text(encoding="utf-8")))
    for name in ("pieces.css", "document.css", "hotline.css"):
        style = (folder / name).read_text(encoding="utf-8")
        assert set(re.findall(r"var\((--[a-z0-9-]+)\)", style)) <= known, name
        assert not re.search(r"url\(|@import|https?:", style), name


@pytest.mark.parametrize(
    ("named", "cookie", "accepted", "language"),
    [
        (None, None, "en-GB", "en"),
        (None, "zh", "en-GB", "zh"),
        ("en", "zh", "zh-CN", "en"),
        ("xx", "yy", None, "zh"),
    ],
)
def test_what_was_chosen_last_is_spoken(
    named: str | None, cookie: str | None, accepted: str | None, language: str
) -> None:
    cookies = {"precedent-language": cookie} if cookie else {}
    assert spoken(named, cookies, accepted).language == language
