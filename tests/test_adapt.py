"""Adapting an old action: its site and clock times give way, everything else stays, and each change is told."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.adapt import Adapter
from assistant.answer import Situation
from assistant.moment import CITY_ZONE
from assistant.situation import Understanding
from knowledge.case import Case
from knowledge.categories import Categoriser
from knowledge.dangers import read_dangers
from knowledge.lexicon import read_lexicon
from knowledge.meaning import read_meaning
from knowledge.places import read_places
from knowledge.taxonomy import read_taxonomy
from prompts import read_phrases

GAZETTEER = read_places()
ADAPTER = Adapter(GAZETTEER, read_phrases())
TAXONOMY = read_taxonomy()
MEANING = read_meaning(read_lexicon(TAXONOMY))
UNDERSTANDING = Understanding(Categoriser(TAXONOMY, MEANING), GAZETTEER, read_dangers(), MEANING)
NOW = datetime(2026, 7, 15, 9, 0, tzinfo=CITY_ZONE)


def _asked(text: str) -> Situation:
    return UNDERSTANDING(text, NOW)


OLD = Case(situation="积水", district="wangjiang", place="凤台立交桥", language="zh")


@pytest.mark.parametrize(
    ("action", "asked", "adapted"),
    [
        ("封闭凤台立交桥下层。", "北站隧道积水", "封闭北站隧道下层。"),
        ("封闭凤台立交桥下层。", "隧道积水", "封闭此次现场下层。"),
        ("封闭凤台立交桥下层。", "凤台立交桥又积水", "封闭凤台立交桥下层。"),
        ("望江区调来两台泵车。", "北屏区积水", "北屏区调来两台泵车。"),
        ("8时20分，封闭道路。", "积水", "封闭道路。"),
        ("7月12日18时，封闭道路。", "积水", "封闭道路。"),
        ("伤员送南浦医院。", "北站隧道积水", "伤员送南浦医院。"),  # it was never part of the site
        ("封闭道路。", "北站隧道积水", "封闭道路。"),
    ],
)
def test_the_old_site_and_time_give_way(action: str, asked: str, adapted: str) -> None:
    text, changes = ADAPTER(action, OLD, _asked(asked))
    assert text == adapted
    assert bool(changes) == (text != action)


def test_every_change_was_in_the_old_text_and_is_not_in_the_new() -> None:
    action = "7月12日18时，望江区在凤台立交桥设卡。"
    text, changes = ADAPTER(action, OLD, _asked("北屏区北站隧道积水"))
    assert text == "北屏区在北站隧道设卡。"
    for before, after in changes:
        assert before in action
        assert before not in text
        assert after in text


def test_an_english_action_gets_an_english_place() -> None:
    old = Case(situation="x", district="wangjiang", place="Fengtai Interchange", language="en")
    text, changes = ADAPTER("At 08:20, closed Fengtai Interchange.", old, _asked("北站隧道积水"))
    assert text == "Closed North Station Tunnel."
    assert ("Fengtai Interchange", "North Station Tunnel") in changes


CASES = st.builds(
    Case,
    situation=st.just("x"),
    district=st.sampled_from([None, "wangjiang", "海淀区"]),
    place=st.one_of(st.none(), st.sampled_from(["凤台立交桥", "望江区凤台路", "A"]), st.text(max_size=5)),
    language=st.sampled_from([None, "zh", "en"]),
)
ACTIONS = st.lists(
    st.one_of(
        st.sampled_from(["凤台立交桥", "望江区", "凤台路", "8时20分", "At 08:20, ", "A", "İ"]), st.text(max_size=6)
    ),
    min_size=1,
    max_size=6,
).map("".join)


@given(ACTIONS, CASES, st.sampled_from(["积水", "北站隧道积水", "海淀区积水", "A3区", "凤台路积水"]))
def test_any_action_is_adapted_and_told(action: str, case: Case, asked: str) -> None:
    text, changes = ADAPTER(action, case, _asked(asked))
    assert (text, changes) == ADAPTER(action, case, _asked(asked))
    stripped = action.strip()
    if not changes:
        assert text == stripped[:1].upper() + stripped[1:]
