import pytest

from knowledge.personnames import person_names
from knowledge.places import read_places


def _names(text: str) -> set[str]:
    return {text[span.start : span.end] for span in person_names(text)}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("我叫赵大勇，今年七十二", {"赵大勇"}),
        ("我姓孙，孙秀秀", {"孙", "孙秀秀"}),
        ("王小明老师打电话来", {"王小明"}),
        ("您怎么称呼？\n刘小满，在二楼", {"刘小满"}),
        ("My name is Anna Example and I live here", {"Anna Example"}),
        ("Mrs Brown called", {"Brown"}),
    ],
)
def test_names_told_by_their_context(text: str, names: set[str]) -> None:
    assert _names(text) == names


@pytest.mark.parametrize(
    "text", ["赵大勇", "王局长来了", "小王弄的", "语文老师", "关于女士公厕", "I am Chinese", "This is Yuehu Bay"]
)
def test_without_context_nothing_is_a_name(text: str) -> None:
    assert not _names(text)


def test_places_are_no_names() -> None:
    for place in read_places().places:
        assert not _names(f"名字叫{place.zh}，就在这儿")
