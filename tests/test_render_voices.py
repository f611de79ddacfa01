"""What callers said: a link that plays the sentence, a mark on what was heard badly, nothing rendered as markup."""

from datetime import UTC, datetime
from typing import Any

import pytest

from assistant.answer import CallEvidence
from ui.render_voices import voices
from ui.texts import Language, texts_in
from ui.wording import Wording

HEARD = CallEvidence(
    call_id=7, external_id="DH-0007", received_at=datetime(2026, 11, 3, 20, 0, tzinfo=UTC), segment=2, start=61.26,
    sentence="桥下<b>全是水</b>", score=0.8, doubtful=False,
)  # fmt: skip


@pytest.fixture
def answer(desk: Any) -> Any:
    return desk.ask("桥下积水，两辆车被困")


def _shown(desk: Any, answer: Any, language: Language, *calls: CallEvidence) -> str:
    words = Wording(texts_in(language), desk.taxonomy, desk.gazetteer)
    return voices(words, answer.model_copy(update={"calls": calls}))


def test_without_calls_there_is_no_panel(desk: Any, answer: Any) -> None:
    assert answer.calls == ()
    assert _shown(desk, answer, "zh") == ""


@pytest.mark.parametrize(("language", "link"), [("zh", "从 01:01 播放"), ("en", "play from 01:01")])
def test_a_sentence_is_quoted_and_its_link_plays_the_second(
    desk: Any, answer: Any, language: Language, link: str
) -> None:
    html = _shown(desk, answer, language, HEARD)
    assert 'href="/hotline/calls/7?t=61.3"' in html
    assert link in html
    assert "2026-11-04" in html  # the city's day
    assert "“桥下&lt;b&gt;全是水&lt;/b&gt;”" in html
    assert "doubt" not in html


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_doubtful_sentence_is_no_quote_and_says_so(desk: Any, answer: Any, language: Language) -> None:
    html = _shown(desk, answer, language, HEARD.model_copy(update={"doubtful": True}))
    assert "“" not in html
    assert texts_in(language)("voices.doubtful") in html
