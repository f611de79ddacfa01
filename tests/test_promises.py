from datetime import datetime

from assistant.moment import CITY_ZONE
from assistant.promises import find_promises
from assistant.saying import Saying, sayings
from eval.calls import as_call
from knowledge.call import Channel
from knowledge.callwords import read_callwords
from knowledge.demo.calls import read_demo_calls

NOW = datetime(2026, 11, 6, 9, 30, tzinfo=CITY_ZONE)
WORDS = read_callwords()


def _said(text: str, channel: Channel = Channel.AGENT) -> Saying:
    return Saying(segment=0, start=0, end=1, text=text, channel=channel)


def test_a_promise_with_its_deadline() -> None:
    (promise,) = find_promises([_said("我马上转给水务局，三个工作日内给您回复。")], NOW, WORDS)
    assert promise.reply
    assert promise.due_words == "三个工作日内"
    assert promise.due is not None
    assert promise.due.astimezone(CITY_ZONE).day == 11


def test_what_is_none() -> None:
    for text in ("您贵姓？", "请您离坑远一点。", "您的意思是希望增加班次，对吗？", "May I have your name?"):
        assert find_promises([_said(text)], NOW, WORDS) == ()
    assert find_promises([_said("我们马上转给水务局", Channel.CALLER)], NOW, WORDS) == ()


def test_the_promises_of_the_demo_calls() -> None:
    for number, demo in enumerate(read_demo_calls(), 1):
        call = as_call(demo, number)
        assert call.transcript is not None
        said = sayings(call.transcript)
        found = find_promises(said, call.received_at, WORDS)
        if demo.expected.promise:
            assert any(demo.expected.promise in promise.saying.text for promise in found), demo.external_id
