"""The meaning of each case: put, taken out and compared like a slow version, and the same again from a file."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.kinds import KEPT, CaseMeanings
from knowledge.lexicon import read_lexicon
from knowledge.meaning import read_meaning
from knowledge.taxonomy import read_taxonomy

MEANING = read_meaning(read_lexicon(read_taxonomy()))
FEW = replace(MEANING, kinds=MEANING.kinds[:5], centres=MEANING.centres[:5])  # fewer kinds than are kept
TEXTS = [
    "桥下积水，两辆车被困",
    "立交桥下的隧道淹了",
    "The underpass is flooded",
    "路灯不亮",
    "The gym closed and keeps the money",
    "电梯困人 lift",
    "😀",
    "",
]
TEXT = st.sampled_from(TEXTS) | st.text("积水桥路灯停电车ab ，", max_size=12)
ROUNDED = 2e-3  # vectors and shares are kept in 16 bits


def slow_compare(held: dict[int, str], text: str, case_ids: list[int], kept: int = KEPT) -> dict[str, list[float]]:
    """One pair at a time, in double precision; of a case only the kinds with the largest shares."""
    found: dict[str, list[float]] = {"meaning": [], "kind": []}
    for case_id in case_ids:
        both = MEANING.embed([text, held.get(case_id, "")]).astype(np.float64)
        if case_id not in held or not both[0].any():
            found["meaning"].append(0.0)
            found["kind"].append(0.0)
            continue
        asked, told = MEANING.shares(both.astype(np.float32)).astype(np.float64)
        best = sorted(range(len(told)), key=lambda place: -told[place])[:kept]
        if not both[1].any():  # like all kinds equally: which of them are kept is chance
            found["meaning"].append(0.0)
            found["kind"].append(np.nan)
            continue
        found["meaning"].append(max(0.0, sum(a * b for a, b in zip(*both.tolist(), strict=True))))
        found["kind"].append(sum((asked[place] * told[place]) ** 0.5 for place in best))
    return found


def check(cases: CaseMeanings, held: dict[int, str], text: str) -> None:
    ids = [*sorted(held), 999]
    found, expected = cases.compare(text, ids), slow_compare(held, text, ids)
    assert set(found) == {"meaning", "kind"}
    for name, values in found.items():
        assert values.dtype == np.float32
        assert ((values >= 0) & (values <= 1)).all()
        wanted = np.asarray(expected[name])
        blank = np.isnan(wanted)
        assert np.allclose(values[~blank], wanted[~blank], atol=ROUNDED), name
        assert (values[blank] <= (KEPT / len(MEANING.kinds)) ** 0.5).all()


EDITS = st.lists(st.tuples(st.booleans(), st.dictionaries(st.integers(1, 6), TEXT, min_size=1, max_size=4)), max_size=5)


@settings(max_examples=60)
@given(EDITS, TEXT)
def test_any_sequence_of_puts_and_takes_compares_like_the_slow_version(
    edits: list[tuple[bool, dict[int, str]]], question: str
) -> None:
    cases, held = CaseMeanings(MEANING), dict[int, str]()
    for puts, texts in edits:
        if puts:
            cases.put(list(texts), list(texts.values()))
            held |= texts
            continue
        for case_id in texts:  # whether it is there or not
            cases.take(case_id)
            held.pop(case_id, None)
    assert set(cases.rows) == set(held)
    check(cases, held, question)


@pytest.mark.parametrize("question", TEXTS)
def test_demo_questions_compare_like_the_slow_version(question: str) -> None:
    cases = CaseMeanings(MEANING)
    cases.put(range(len(TEXTS)), TEXTS)
    check(cases, dict(enumerate(TEXTS)), question)


def test_the_same_matter_is_nearest_in_either_language() -> None:
    cases = CaseMeanings(MEANING)
    cases.put([1, 2, 3, 4], [TEXTS[0], TEXTS[2], TEXTS[3], TEXTS[4]])
    for question in ("隧道里水很深，车开不过去", "Cars are stuck in the flooded tunnel"):
        for values in cases.compare(question, [1, 2, 3, 4]).values():
            assert min(values[:2]) > max(values[2:]) + 0.2


def test_a_case_is_wholly_like_itself() -> None:
    cases = CaseMeanings(MEANING)
    cases.put([1], [TEXTS[0]])
    found = cases.compare(TEXTS[0], [1])
    assert found["meaning"][0] == pytest.approx(1, abs=ROUNDED)
    assert 0.9 < found["kind"][0] <= 1


def test_the_shared_kind_is_the_one_with_the_largest_product_of_shares() -> None:
    cases = CaseMeanings(MEANING)
    cases.put([1, 2], ["立交桥下积水，两辆车被困", "健身房关门，退不了钱"])
    for number, question in ((1, "Cars are stuck in the flooded underpass"), (2, "The gym closed and keeps the money")):
        shared = cases.shared(question, number)
        assert shared is not None
        asked, told = MEANING.shares(
            MEANING.embed([question, ["立交桥下积水，两辆车被困", "健身房关门，退不了钱"][number - 1]])
        )
        best = int((asked * told).argmax())
        assert shared.kind == MEANING.kinds[best]
        assert shared.asked == pytest.approx(asked[best], abs=ROUNDED)
        assert shared.theirs == pytest.approx(told[best], abs=ROUNDED)
        assert shared.kind.leaf == ("flood.underpass", "market.prepaid")[number - 1]


def test_what_is_of_no_kind_shares_none() -> None:
    cases = CaseMeanings(MEANING)
    cases.put([1, 2], ["桥下积水", "😀"])
    assert [cases.shared(*pair) for pair in (("😀", 1), ("桥下积水", 2), ("桥下积水", 404))] == [None] * 3


def test_the_order_asked_for_is_the_order_answered() -> None:
    cases = CaseMeanings(MEANING)
    cases.put([5, 2, 9], TEXTS[:3])
    one, other = cases.compare("积水", [9, 404, 5, 2, 9]), cases.compare("积水", [2, 5, 9])
    for name, values in one.items():
        two, five, nine = other[name].tolist()
        assert values.tolist() == pytest.approx([nine, 0.0, five, two, nine], abs=1e-5)


def test_nothing_asked_or_nothing_known_is_nothing_alike() -> None:
    cases = CaseMeanings(MEANING)
    assert [values.tolist() for values in cases.compare("积水", [1, 2]).values()] == [[0, 0], [0, 0]]
    cases.put([1], ["积水"])
    assert {values.shape for values in cases.compare("积水", []).values()} == {(0,)}
    assert [values.tolist() for values in cases.compare("😀", [1]).values()] == [[0], [0]]


def test_where_there_are_few_kinds_all_are_kept() -> None:
    cases = CaseMeanings(FEW)
    cases.put([1, 2], TEXTS[:2])
    assert {len(row[1]) for row in cases.rows.values()} == {5}
    roots = np.sqrt(FEW.shares(FEW.embed(TEXTS[:2])))
    assert np.allclose(cases.compare(TEXTS[0], [1, 2])["kind"], roots @ roots[0], atol=ROUNDED)
    assert {name: values.shape[1:] for name, values in CaseMeanings(FEW).arrays().items()}["meaning_kinds"] == (5,)


def _reopened(cases: CaseMeanings, leave_out: str = "") -> CaseMeanings:
    """What a file keeps."""
    file = BytesIO()
    np.savez(file, allow_pickle=False, **{n: a for n, a in cases.arrays().items() if n != leave_out})  # type: ignore[arg-type]
    file.seek(0)
    again = CaseMeanings(cases.meaning)
    with np.load(file) as arrays:
        again.load(arrays)
    return again


@settings(max_examples=25)
@given(st.dictionaries(st.integers(0, 2**40), TEXT, max_size=5), TEXT)
def test_what_was_written_is_read_again(texts: dict[int, str], question: str) -> None:
    cases = CaseMeanings(MEANING)
    cases.put(list(texts), list(texts.values())) if texts else None
    again = _reopened(cases)
    assert list(again.rows) == list(cases.rows)
    for name, values in cases.compare(question, list(texts)).items():
        assert values.tolist() == again.compare(question, list(texts))[name].tolist()
    again.put([1], ["路灯不亮"])
    again.take(2)
    assert set(again.rows) == (set(texts) | {1}) - {2}


@pytest.mark.parametrize("name", ["meaning_cases", "meaning_vectors", "meaning_kinds", "meaning_roots"])
def test_a_file_that_lacks_something_is_refused(name: str) -> None:
    cases = CaseMeanings(MEANING)
    cases.put([1, 2], TEXTS[:2])
    with pytest.raises(KeyError):
        _reopened(cases, leave_out=name)


def test_a_file_whose_arrays_do_not_fit_is_refused() -> None:
    cases = CaseMeanings(MEANING)
    cases.put([1, 2], TEXTS[:2])
    arrays = {**cases.arrays(), "meaning_roots": cases.arrays()["meaning_roots"][:1]}
    with pytest.raises(ValueError, match="zip"):
        CaseMeanings(MEANING).load(arrays)  # type: ignore[arg-type]
