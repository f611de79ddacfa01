"""What an embedder learns from: accepted and rejected matches of the log, the city's own cases, what is withheld."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assistant.answer import Reaction
from assistant.pairs import (
    Accepted,
    Withheld,
    accepted_matches,
    draw,
    last_accepted,
    own_pairs,
    question_pairs,
    spared,
)
from assistant.wiring import open_workplace
from knowledge.case import Action, Case
from knowledge.copies import embedded_text
from knowledge.sentence_trainer import Pair
from knowledge.text import fold

DAY = datetime(2026, 3, 1, tzinfo=UTC)
CASES = {
    n: Case(external_id=f"c-{n}", title=f"标题{n}", situation=f"情况{n}", actions=(Action(text=f"处置{n}"),))
    for n in range(1, 40)
}


def _row(question: str, evidence: list[list[int]], reactions: list[tuple[int | None, str]], day: int = 0) -> Any:
    """A row of the log: the cases cited by each action, then (place, kind) of each reaction in their order."""
    return {
        "question": question,
        "recommendation": json.dumps({"actions": [{"evidence": [{"case_id": c} for c in ids]} for ids in evidence]}),
        "reactions": [
            {"reaction_id": 100 * day + n, "slot": slot, "kind": kind, "at": (DAY + timedelta(days=day)).isoformat()}
            for n, (slot, kind) in enumerate(reactions)
        ],
    }


def test_adopted_and_edited_are_accepted_and_rejected_are_rejected() -> None:
    rows = [
        _row("积水", [[1, 2], [3], [2, 4], [5]], [(0, "adopt"), (1, "edit"), (2, "reject"), (None, "helpful")]),
        _row("停电", [[1]], [(0, "reject")]),
        _row("路灯", [[1]], []),
        _row("噪音", [[1]], [(None, "unhelpful")]),
    ]
    assert accepted_matches(rows) == [Accepted("积水", DAY, (1, 2, 3), (4,))]


def test_the_newest_reaction_counts() -> None:
    row = _row("q", [[1], [2], [3]], [(0, "adopt"), (0, "withdraw"), (1, "reject"), (1, "adopt"), (2, "adopt")])
    row["reactions"].reverse()
    assert accepted_matches([row])[0].accepted == (2, 3)
    assert accepted_matches([_row("q", [[1]], [(0, "adopt"), (0, "reject")])]) == []


def test_a_precedent_that_does_not_fit_is_rejected_unless_that_was_taken_back() -> None:
    row = _row("q", [[1], [2]], [(0, "adopt"), (None, "unfit"), (None, "unfit"), (None, "withdraw"), (None, "unfit")])
    for reaction, case_id in zip(row["reactions"], (None, 5, 6, 6, 1), strict=True):
        reaction["case_id"] = case_id
    assert accepted_matches([row]) == [Accepted("q", DAY, (1,), (5,))]
    row["reactions"] = row["reactions"][1:]
    assert accepted_matches([row]) == []


def test_the_same_question_is_one_question() -> None:
    rows = [
        _row("Gas smell", [[1], [2]], [(0, "adopt"), (1, "reject")], day=5),
        _row(" gas  smell", [[1], [2], [3]], [(0, "reject"), (1, "adopt"), (2, "reject")], day=2),
        _row("older", [[9]], [(0, "adopt")], day=3),
    ]
    found = accepted_matches(rows)
    assert [match.question for match in found] == ["older", "Gas smell"]
    assert (found[1].accepted, found[1].rejected, found[1].at) == ((1, 2), (3,), DAY + timedelta(days=5))


def test_what_the_desk_logs_can_be_read(tmp_path: Path, small_cases: tuple[Case, ...]) -> None:
    workplace = open_workplace(tmp_path / "home")
    workplace.records.write(small_cases)
    workplace.copies.sync()
    answer = workplace.desk.ask("暴雨后立交桥下积水，车被困")
    reaction = Reaction(
        interaction_id=answer.interaction_id, client_id="1", kind="adopt", action=0, actor="a", at=datetime.now(UTC)
    )
    assert workplace.desk.react(reaction)
    cited = {evidence.case_id for evidence in answer.actions[0].evidence}
    other = next(match.case_id for match in answer.matches if match.case_id not in cited)
    unfit = {"client_id": "2", "kind": "unfit", "action": None, "case_id": other}
    assert workplace.desk.react(reaction.model_copy(update=unfit))
    found = accepted_matches(workplace.interactions.export())
    assert [(match.question, match.rejected) for match in found] == [("暴雨后立交桥下积水，车被困", (other,))]
    assert found[0].accepted == tuple(sorted(cited))
    assert workplace.learning.background.wait(60)
    workplace.engine.dispose()


@given(st.integers(0, 200))
def test_the_newest_are_held_back(count: int) -> None:
    matches = [Accepted(f"q{n}", DAY + timedelta(hours=n), (1,)) for n in range(count)]
    earlier, newest = last_accepted(matches)
    assert [*earlier, *newest] == matches
    assert len(newest) >= min(10, count)
    assert count / 5 <= len(newest) <= max(10, count / 5 + 1)


def test_rejected_cases_become_counter_examples_in_turn() -> None:
    pairs = question_pairs([Accepted("q", DAY, (1, 2), (3, 4, 5)), Accepted("r", DAY, (6,))], CASES, Withheld())
    texts = {n: embedded_text(case) for n, case in CASES.items()}
    assert pairs == [
        Pair("q", texts[1], texts[3]),
        Pair("q", texts[2], texts[4]),
        Pair("q", texts[1], texts[5]),
        Pair("r", texts[6]),
    ]


def test_cases_that_are_gone_or_withheld_are_left_out() -> None:
    matches = [Accepted("q", DAY, (1, 2, 99), (3, 98)), Accepted("r", DAY, (2,)), Accepted("s", DAY, (99,))]
    pairs = question_pairs(matches, CASES, Withheld(cases=frozenset({2, 3})))
    assert pairs == [Pair("q", embedded_text(CASES[1]))]


def test_own_cases_give_two_pairs_each_in_a_fixed_order() -> None:
    cases = {**CASES, 50: Case(situation="只有情况"), 51: Case(title="只有标题", situation="和情况")}
    pairs = own_pairs(cases, Withheld(cases=frozenset({7})), 10_000)
    assert len(pairs) == 2 * (len(CASES) - 1) + 1
    assert {Pair("标题8", "情况8"), Pair("情况8", "处置8"), Pair("只有标题", "和情况")} < set(pairs)
    assert not [pair for pair in pairs if "情况7" in (pair.question, pair.wanted)]
    assert own_pairs(dict(reversed(cases.items())), Withheld(cases=frozenset({7})), 10_000) == pairs
    assert own_pairs(cases, Withheld(cases=frozenset({7})), 5) == pairs[:5]


QUESTIONS = st.sampled_from(
    [*(f"标题{n}" for n in range(1, 6)), *(f"情况{n}" for n in range(1, 6)), "另问", "甲", "乙"]
)
MATCHES = st.lists(
    st.builds(
        Accepted,
        QUESTIONS,
        st.datetimes(datetime(2026, 1, 1), datetime(2026, 2, 1), timezones=st.just(UTC)),
        st.frozensets(st.integers(1, 12), min_size=1).map(lambda found: tuple(sorted(found))),
        st.frozensets(st.integers(13, 20)).map(lambda found: tuple(sorted(found))),
    ),
    max_size=20,
)


@given(MATCHES, st.frozensets(QUESTIONS), st.frozensets(st.integers(1, 20)))
def test_what_is_withheld_is_never_trained_on(
    matches: list[Accepted], questions: frozenset[str], held: frozenset[int]
) -> None:
    withheld = Withheld(frozenset(fold(text) for text in questions), held)
    pairs = [*question_pairs(matches, CASES, withheld), *own_pairs(CASES, withheld, 1_000)]
    texts = {text for pair in pairs for text in (pair.question, pair.wanted, pair.unwanted)}
    assert not {fold(text) for text in texts} & withheld.questions
    parts = {part for n in held for part in (embedded_text(CASES[n]), f"处置{n}")}
    assert not texts & parts
    asked = {match.question for match in matches}
    assert not {text for n in held for text in (f"标题{n}", f"情况{n}")} & texts - asked


def test_the_lot_of_a_case_is_fixed() -> None:
    case = Case(external_id="YZ-1", title="a", situation="b")
    assert draw(1, case) == draw(2, case.model_copy(update={"situation": "c"})) == 5959994668352821656
    assert draw(1, Case(situation="b")) != draw(2, Case(situation="b"))
    chosen = [n for n in range(2_000) if spared(n, Case(title="a", situation="b"))]
    assert 300 < len(chosen) < 500
    assert not any(spared(n, Case(situation="b")) for n in range(100))
