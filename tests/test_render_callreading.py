"""What was understood as HTML, what is on the same matter, and the briefing: quotes with their second, doubt marked."""

import re

from call_samples import AT, HOSTILE, Parsed, call, reading, wording
from fake_desk import match_of

from assistant.samematter import Related
from ui.render_callreading import Neighbour, briefing, related, understood


def _related(**more: object) -> Related:
    told: dict[str, object] = {
        "kind": "call", "id": 9, "external_id": "DH-9", "probability": 0.91, "parts": {}, "why": ("同一地点：悦湖湾",),
        "at": AT,
    }  # fmt: skip
    return Related.model_validate({**told, **more})


def test_a_quote_has_the_second_at_which_it_is_said_and_its_doubt() -> None:
    html = understood(wording(), call(), reading())
    asked = re.search(r'row-asked">(.*?)</div>', html, re.DOTALL)
    assert asked
    assert 'data-at="3.50" data-index="1"' in asked[1]
    assert "<q>井盖没了，快来人。</q>" in asked[1]
    assert "听不太清" in asked[1]


def test_only_the_parts_that_rest_on_badly_heard_words_are_marked() -> None:
    html = understood(wording(), call(), reading())
    rows = dict(re.findall(r'<div class="row row-(\w+)">(.*?)</div>', html, re.DOTALL))
    assert "听不太清" in rows["category"]
    assert "听不太清" in rows["severity"]
    assert "听不太清" not in rows["place"]
    assert "听不太清" not in rows["time"]


def test_everything_that_was_said_is_shown_and_nothing_else() -> None:
    seen = Parsed(understood(wording("en"), call(), reading())).text
    for words in ("Act now", "in a hurry", "A reply is wanted", "by 22 Nov 2026 12:00", "no time named", "2 vehicles"):
        assert words in seen
    bare = reading(asked=None, summary=(), promises=(), moods=())
    seen = Parsed(understood(wording("en"), call(), bare)).text
    assert "Nothing was promised" in seen
    assert seen.count("Not stated") == 3


def test_a_reading_of_an_older_text_says_that_it_is_being_read_again() -> None:
    assert "正在重新理解" in understood(wording(), call(version=2), reading())
    assert "正在重新理解" not in understood(wording(), call(), reading())
    assert "还没有理解" in understood(wording(), call(), None)


def test_what_comes_from_a_call_is_escaped() -> None:
    assert HOSTILE in Parsed(understood(wording(), call(), reading(HOSTILE))).text
    near = Neighbour(_related(why=(HOSTILE,), external_id=HOSTILE), reading=reading(HOSTILE))
    assert HOSTILE in Parsed(related(wording(), call(), [near])).text


def test_likelihood_is_said_in_words_and_falls_with_the_probability() -> None:
    said = [Parsed(related(wording(), call(), [Neighbour(_related(probability=p))])).text for p in (0.9, 0.7, 0.4, 0.2)]
    expected = ["很可能是同一件事", "可能是同一件事", "也许有关", "关系不大"]
    assert [words in text for words, text in zip(expected, said, strict=True)] == [True] * 4
    assert "约 90%" in said[0]


def test_a_call_can_be_joined_once() -> None:
    html = related(wording(), call(matter_id=3), [Neighbour(_related(matter_id=4))])
    assert 'data-do="join" data-with="9"' in html
    joined = related(wording(), call(matter_id=3), [Neighbour(_related(matter_id=3))])
    assert 'data-do="join"' not in joined
    assert "已合并" in joined
    assert 'data-do="separate" data-with="9"' in joined, "and it can be undone"
    alone = related(wording(), call(), [Neighbour(_related())])
    assert "已合并" not in alone, "two calls of no matter are not joined"


def test_a_case_shows_how_it_ended_and_cannot_be_joined() -> None:
    match = match_of(1)
    html = related(wording(), call(), [Neighbour(_related(kind="case", id=1), case=match)])
    seen = Parsed(html).text
    assert match.case.heading() in seen
    assert match.case.situation in seen
    assert "data-do" not in html


def test_the_briefing_says_what_where_and_how_urgent_with_its_doubt_and_a_link() -> None:
    told = briefing(wording(), call(external_id="DH-7"), reading(), "/hotline/calls/7").split("\n")
    assert told[0] == "【12345热线】立即处理"
    assert "DH-7" in told[1]
    assert told[2].startswith("地点：")
    assert told[3].endswith("（听不太清）")
    assert told[-1] == "录音和文字稿：/hotline/calls/7"
    assert len(told) <= 12
    nothing = reading(asked=None, summary=(), promises=())
    assert "诉求：未说明" in briefing(wording(), call(), nothing, "")
