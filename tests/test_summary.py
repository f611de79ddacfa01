from hypothesis import given
from hypothesis import strategies as st

from assistant.saying import Saying
from assistant.summary import MOST, summary
from knowledge.call import Channel
from knowledge.callwords import read_callwords
from knowledge.lexicon import read_lexicon
from knowledge.meaning import read_meaning
from knowledge.places import read_places
from knowledge.taxonomy import read_taxonomy

PARTS = (read_meaning(read_lexicon(read_taxonomy())), read_places(), read_callwords())
TOLD = (
    "喂，你好。",
    "凤台立交桥下积水半米，两辆车被困。",
    "今天天气不好。",
    "凤台立交桥下积水很深。",
    "水是从早上开始涨的。",
    "好，谢谢。",
)


def _said(texts: tuple[str, ...], channel: Channel = Channel.CALLER) -> list[Saying]:
    return [Saying(segment=n, start=n, end=n + 1, text=text, channel=channel) for n, text in enumerate(texts)]


def test_the_matter_comes_first_and_greetings_never() -> None:
    chosen = summary(_said(TOLD), ("积水",), *PARTS)
    assert chosen[0].text == TOLD[1]
    assert len(chosen) <= MOST
    assert not {TOLD[0], TOLD[5]} & {saying.text for saying in chosen}
    assert [s.segment for s in chosen] == sorted(s.segment for s in chosen)


def test_the_agents_words_only_where_there_are_no_others() -> None:
    agent = _said(("好的，凤台立交桥下积水，我们马上派人。",), Channel.AGENT)
    assert summary(agent, (), *PARTS) == tuple(agent)
    chosen = summary([*agent, *_said(TOLD)], (), *PARTS)
    assert all(saying.channel is Channel.CALLER for saying in chosen)


def test_of_two_alike_the_sure_one() -> None:
    sure = Saying(segment=0, start=0, end=1, text="凤台立交桥下积水半米。", channel=Channel.CALLER)
    unsure = sure.model_copy(update={"segment": 1, "doubtful": True, "confidence": 0.2})
    assert summary([sure, unsure], (), *PARTS)[0] == sure
    assert summary([], (), *PARTS) == ()


@given(st.lists(st.text(max_size=20), max_size=6))
def test_all_of_it_was_said(texts: list[str]) -> None:
    said = _said(tuple(texts))
    chosen = summary(said, (), *PARTS)
    assert len(chosen) <= MOST
    assert all(saying in said for saying in chosen)
