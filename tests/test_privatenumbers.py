import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.privatenumbers import id_check_digit, luhn, private_numbers


def _kinds(text: str) -> set[tuple[str, str]]:
    return {(span.kind, text[span.start : span.end]) for span in private_numbers(text)}


@pytest.mark.parametrize("gap", ["", " ", "-", "，", ", "])
def test_a_dictated_number_is_one_number(gap: str) -> None:
    number = gap.join(["138", "0000", "1234"])
    assert ("phone", number) in _kinds(f"打 {number} 找我")


@pytest.mark.parametrize("text", ["199812311200", "1998-12-31 120", "13800001234元", "电话是110", "3.13800001234"])
def test_dates_amounts_and_hotlines_are_none(text: str) -> None:
    assert not _kinds(text)


@given(st.text(alphabet="0123456789", min_size=17, max_size=17))
def test_the_check_digit_finds_one_wrong_digit(first: str) -> None:
    wrong = str((int(first[3]) + 1) % 10)
    assert id_check_digit(first) != id_check_digit(first[:3] + wrong + first[4:])


@given(st.text(alphabet="0123456789", min_size=12, max_size=18))
def test_luhn_has_one_right_last_digit(digits: str) -> None:
    assert sum(luhn(digits + str(last)) for last in range(10)) == 1
