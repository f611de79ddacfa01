"""Why an action was moved: said only where the log bears it out, in both languages, and with the log's numbers."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer import Learned
from assistant.learning.learned import LEAST_DECIDED, Counting, Told, learned_of, learned_sentence
from knowledge.action_counts import Counts
from prompts import read_phrases


def _counted(**known: Counts) -> Counting:
    def counts(action_types: Sequence[str], group: str) -> Mapping[str, Counts]:
        assert group == "flood"
        return {name: known.get(name, Counts()) for name in action_types}

    return counts


LIKED = Counts(shown=20, decided=9, adopted=7, known=7, worked=6)
DISLIKED = Counts(shown=20, decided=9, adopted=2, known=2, worked=1)


def test_what_was_liked_and_worked_says_why_it_stands_higher() -> None:
    found = learned_of(
        [Told("pump", 2), Told("talk", 2), Told("rest", 2)], "flood", _counted(pump=LIKED, talk=DISLIKED)
    )
    assert found == (Learned(moved=2, adopted=7, decided=9, known=7, worked=6), None, None)


def test_what_was_disliked_says_why_it_stands_lower() -> None:
    found = learned_of([Told("pump", -1), Told("talk", -3)], "flood", _counted(pump=LIKED, talk=DISLIKED))
    assert found == (None, Learned(moved=-3, adopted=2, decided=9, known=2, worked=1))


def test_nothing_is_said_where_it_was_not_moved_or_little_is_known() -> None:
    few = Counts(shown=9, decided=LEAST_DECIDED - 1, adopted=LEAST_DECIDED - 1)
    assert learned_of([Told("pump", 0)], "flood", _counted(pump=LIKED)) == (None,)
    assert learned_of([Told("pump", 3)], "flood", _counted(pump=few)) == (None,)
    assert learned_of([Told("pump", 3)], None, _counted(pump=LIKED)) == (None,)
    assert learned_of([Told("pump", 3)], "flood", None) == (None,)


def test_popular_and_without_effect_is_no_reason_to_stand_higher() -> None:
    popular = Counts(shown=20, decided=10, adopted=7, known=7, worked=1)
    assert learned_of([Told("pump", 2)], "flood", _counted(pump=popular)) == (None,)
    assert learned_of([Told("pump", -2)], "flood", _counted(pump=popular))[0] is not None


@given(st.integers(-7, 7), st.data())
def test_up_and_down_are_never_both_borne_out(moved: int, data: st.DataObject) -> None:
    decided = data.draw(st.integers(0, 30))
    adopted = data.draw(st.integers(0, decided))
    known = data.draw(st.integers(0, adopted))
    counts = Counts(decided, decided, adopted, known, data.draw(st.integers(0, known)))
    there, back = (learned_of([Told("pump", way)], "flood", _counted(pump=counts))[0] for way in (moved, -moved))
    assert there is None or back is None


ZH = "{way} 位：防汛类事项中 9 次有 7 次被采纳，已知结果的 7 次中 6 次见效"
EN = "{way}: adopted 7 of 9 times in similar matters (防汛), worked in 6 of the 7 with a known result"


@pytest.mark.parametrize(
    ("moved", "language", "said"),
    [
        (2, "zh", ZH.format(way="上移 2")),
        (2, "en", EN.format(way="moved up 2 places")),
        (-1, "zh", ZH.format(way="下移 1")),
        (-1, "en", EN.format(way="moved down 1 place")),
    ],
)
def test_the_sentence_has_the_logs_numbers(moved: int, language: str, said: str) -> None:
    learned = Learned(moved=moved, adopted=7, decided=9, known=7, worked=6)
    assert learned_sentence(learned, "防汛", read_phrases().speaker(language)) == said


@pytest.mark.parametrize("language", ["zh", "en"])
def test_effects_that_nobody_knows_are_not_mentioned(language: str) -> None:
    learned = Learned(moved=1, adopted=3, decided=3, known=0, worked=0)
    said = learned_sentence(learned, "x", read_phrases().speaker(language))
    assert "0" not in said
    assert "3" in said
