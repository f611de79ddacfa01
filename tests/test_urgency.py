import pytest

from assistant.answer import Quantity, SeverityReading
from assistant.saying import Saying
from assistant.urgency import Alarms, find_urgency
from knowledge.call import Channel
from knowledge.callwords import read_callwords
from knowledge.dangers import read_dangers

WORDS = read_callwords()
ALARMS = Alarms(read_dangers(), WORDS)
CALM = SeverityReading(level=4, reasons=(), danger_to_life=False)


def _said(*texts: str, confidence: float = 1.0) -> list[Saying]:
    return [
        Saying(
            segment=n, start=n, end=n + 1, text=text, channel=Channel.CALLER,
            doubtful=confidence < 0.55, confidence=confidence,
        )
        for n, text in enumerate(texts)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("楼道里有煤气味", "gas"),
        ("我被困在电梯里了", "lift"),
        ("六十多个工人把大门堵了", "gathering"),
        ("有两个爬到塔吊上去了", "height"),
        ("井盖没了，老深了", "opening"),
        ("There is a strong smell of gas", "gas"),
        ("A man climbed onto the crane", "height"),
    ],
)
def test_alarms(text: str, key: str) -> None:
    assert key in {alarm.key for alarm in ALARMS(_said(text), None, "zh")}


@pytest.mark.parametrize(
    "text",
    ["路灯不亮", "上回着火，消防车开不进来", "早晚要出人命的", "无人受伤", "井盖响", "垃圾桶不见了", "天天去医院做透析",
     "If it rains, somebody might be injured"],
)  # fmt: skip
def test_what_is_no_alarm(text: str) -> None:
    assert ALARMS(_said(text), "traffic.bus", "zh") == ()


def test_life_support_counts_where_supply_fails() -> None:
    assert ALARMS(_said("家里停电，老人用呼吸机"), "utility.power", "zh")


def test_a_doubtful_danger_alerts_and_says_so() -> None:
    said = _said("楼道里有煤气味", confidence=0.3)
    urgency = find_urgency(said, ALARMS(said, None, "zh"), CALM, (), WORDS, "zh")
    assert urgency.level == "now"
    assert urgency.reasons[0].doubtful
    assert "听得不清" in urgency.reasons[0].text


def test_a_sure_sentence_stands_before_a_doubtful_one() -> None:
    said = [*_said("楼道里有煤气味", confidence=0.3), *_said("还是有煤气味")]
    (alarm,) = ALARMS(said, None, "zh")
    assert not alarm.saying.doubtful


def test_today_and_routine() -> None:
    assert find_urgency(_said("家里有老人，暖气不热"), (), CALM, (), WORDS, "zh").level == "today"
    assert find_urgency(_said("路灯不亮，快点"), (), CALM, (), WORDS, "zh").level == "routine"
    many = (Quantity(what="households", value=60, words="60户"),)
    (reason,) = find_urgency(_said("停水"), (), CALM, many, WORDS, "en").reasons
    assert (reason.key, reason.words) == ("many", "60户")
