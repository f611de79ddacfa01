from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.deadline import find_deadline
from assistant.moment import CITY_ZONE

NOW = datetime(2026, 11, 6, 9, 30, tzinfo=CITY_ZONE)  # a Friday


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("三个工作日内给您回复", "2026-11-11T18:00"),
        ("24小时内回复您", "2026-11-07T09:30"),
        ("20分钟内到现场放围挡", "2026-11-06T09:50"),
        ("抢险队半小时内赶到", "2026-11-06T10:00"),
        ("一个星期内查清楚", "2026-11-13T09:30"),
        ("今天上午十点以前到现场", "2026-11-06T10:00"),
        ("明天中午之前给您回电话", "2026-11-07T12:00"),
        ("今天下午六点以前答复您", "2026-11-06T18:00"),
        ("明天晚上以前向大家公布", "2026-11-07T22:00"),
        ("下周三之前答复", "2026-11-11T18:00"),
        ("周五之前", "2026-11-06T18:00"),
        ("明天派人去检查", "2026-11-07T18:00"),
        ("within five working days", "2026-11-13T18:00"),
        ("they will ask the band to stop within half an hour", "2026-11-06T10:00"),
        ("somebody will call you back tomorrow", "2026-11-07T18:00"),
        ("you will hear from us by Tuesday", "2026-11-10T18:00"),
        ("this afternoon", "2026-11-06T18:00"),
    ],
)
def test_deadlines(text: str, due: str) -> None:
    found = find_deadline(text, NOW)
    assert found is not None
    assert found.due.isoformat()[:16] == due
    assert found.words in text


@pytest.mark.parametrize("text", ["我们马上处理", "路灯不亮三天了", "We will look into it", "", "工作日不上班", "门前"])
def test_no_deadline(text: str) -> None:
    assert find_deadline(text, NOW) is None


@given(st.text(alphabet="三十二工作日内小时明天前点半within day hours 5", max_size=20))
def test_any_text_gives_an_aware_time_or_none(text: str) -> None:
    found = find_deadline(text, NOW)
    assert found is None or (found.due.tzinfo is not None and found.words)
