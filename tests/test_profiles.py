import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge.case import Action, Case, CaseStatus, StoredCase
from knowledge.casetext import case_text
from knowledge.grams import Grams, term_counts, word_counts
from knowledge.kinds import Knownness
from knowledge.lexicon import Lexicon, read_lexicon
from knowledge.meaning import read_meaning
from knowledge.profiles import FIELDS, LEAD_LENGTH, MEANING_CHARACTERS, Profiles, lead_of
from knowledge.sound import sound_counts
from knowledge.taxonomy import read_taxonomy

Doubles = NDArray[np.float64]
Space = list[tuple[Doubles, Doubles]]  # (question, case) for each case
NOW = datetime(2024, 1, 1, tzinfo=UTC)
MEANING = read_meaning(read_lexicon(read_taxonomy()))
MEANT = ("meaning", "kind")


def stored(case_id: int, case: Case) -> StoredCase:
    return StoredCase(case_id=case_id, version=1, change=case_id, updated_at=NOW, case=case)


COUNTS: dict[str, Callable[[str], Grams]] = {
    "matter": term_counts,
    "handling": term_counts,
    "words": word_counts,
    "sound": sound_counts,
}


def field_texts(case: Case) -> dict[str, str]:
    texts = case_text(case)
    together = f"{texts.matter()}\n{texts.handling}"
    return {"matter": texts.matter(), "handling": texts.handling, "words": together, "sound": together}


def damped(text: str, counts: Callable[[str], Grams]) -> dict[int, float]:
    grams = counts(text)
    return {int(i): 1 + float(np.log(c)) for i, c in zip(grams.ids, grams.counts, strict=True)}


def slow_space(question: str, texts: list[str], counts: Callable[[str], Grams]) -> Space:
    """(question, case) for each text: dense vectors of all grams that occur, in double precision, weighted by idf."""
    asked, documents = damped(question, counts), [damped(text, counts) for text in texts]
    grams = sorted({*asked, *[gram for document in documents for gram in document]})
    df = np.asarray([sum(gram in document for document in documents) for gram in grams])
    idf = np.log((1 + len(documents)) / (1 + df)) + 1
    vector = np.asarray([asked.get(gram, 0.0) for gram in grams]) * idf
    return [(vector, np.asarray([document.get(gram, 0.0) for gram in grams]) * idf) for document in documents]


def slow_cosine(one: Doubles, other: Doubles) -> float:
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / lengths if lengths else 0.0


def slow_side_by_side(matter: Space, handling: Space) -> list[float]:
    """The cosine over matter and handling as one long vector, the question standing in each half that the case has."""
    return [
        slow_cosine(np.concatenate([m[0] * m[1].any(), h[0] * h[1].any()]), np.concatenate([m[1], h[1]]))
        for m, h in zip(matter, handling, strict=True)
    ]


def slow_compare(question: str, cases: list[dict[str, str]]) -> dict[str, list[float]]:
    spaces = {name: slow_space(question, [c[name] for c in cases], counts) for name, counts in COUNTS.items()}
    opening = [slow_space(lead_of(question), [c[name] for c in cases], COUNTS[name]) for name in ("matter", "handling")]
    return {
        **{name: [slow_cosine(*pair) for pair in space] for name, space in spaces.items()},
        "coverage": [
            float(asked[row > 0].sum() / asked.sum()) if asked.any() else 0.0 for asked, row in spaces["matter"]
        ],
        "whole": slow_side_by_side(spaces["matter"], spaces["handling"]),
        "lead": slow_side_by_side(*opening),
        **slow_meant(question, [f"{c['matter'][:2_000]}\n{c['handling'][:2_000]}" for c in cases]),
    }


def slow_meant(question: str, told_of: list[str]) -> dict[str, list[float]]:
    """Cosines of what the texts mean, and of the square roots of their shares of the kinds of matter, of a case the
    sixteen largest."""
    asked, *told = MEANING.embed([question, *told_of]).astype(np.float64)
    if not asked.any():
        return dict.fromkeys(MEANT, [0.0] * len(told))
    roots = [np.sqrt(MEANING.shares(v[None])[0]) * v.any() for v in (asked, *told)]  # no known feature: of no kind
    return {
        "meaning": [max(0.0, float(asked @ vector)) for vector in told],
        "kind": [float(roots[0] @ np.where(root >= np.sort(root)[-16], root, 0)) for root in roots[1:]],
    }


def check_against_slow(profiles: Profiles, live: dict[int, Case], question: str) -> None:
    ids = sorted(live)
    found = profiles.compare(question, ids)
    expected = slow_compare(question, [field_texts(live[i]) for i in ids])
    assert set(found) == set(expected) == {*FIELDS, "whole", "lead", "coverage", *MEANT}
    for name, values in expected.items():
        loose = 2e-3 if name in MEANT else 1e-5  # 16 bits are kept of what cases mean
        assert np.allclose(found[name], values, atol=loose), name


QUESTIONS = [
    "立交桥下积水，两辆车被困",
    "路灯不亮。已经三天了，\n桥下积水",
    "a prepaid gym closed and members want refunds",
    "电梯困人 lift",
    "xyzzy",
    "",
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_cosines_equal_the_slow_version(demo_cases: tuple[Case, ...], question: str) -> None:
    live = dict(enumerate(demo_cases[::12], 1))
    profiles = Profiles(meaning=MEANING)
    profiles.apply([stored(i, case) for i, case in live.items()], len(live))
    check_against_slow(profiles, live, question)


TEXT = st.text("积水桥路灯停电车ab ，", min_size=1, max_size=12).filter(str.strip)
CASE = st.builds(
    Case,
    situation=TEXT,
    title=st.none() | TEXT,
    status=st.sampled_from([CaseStatus.APPROVED, CaseStatus.APPROVED, CaseStatus.RETIRED, CaseStatus.DRAFT]),
    actions=st.lists(st.builds(Action, text=TEXT), max_size=2).map(tuple),
)


@settings(max_examples=30)
@given(st.lists(st.lists(st.tuples(st.integers(1, 6), CASE), max_size=4), max_size=4), TEXT)
def test_any_sequence_of_changes_ends_like_a_fresh_start(edits: list[list[tuple[int, Case]]], question: str) -> None:
    profiles, live = Profiles(meaning=MEANING), {}
    for number, edit in enumerate(edits, 1):
        profiles.apply([stored(i, case) for i, case in edit], number)
        live |= dict(edit)
    live = {i: case for i, case in live.items() if case.status is CaseStatus.APPROVED}
    assert profiles.count() == len(live)
    if live:
        check_against_slow(profiles, live, question)


@given(st.text(max_size=60))
def test_all_parts_lie_between_0_and_1(text: str) -> None:
    for values in SMALL.compare(text, [1, 2, 999]).values():
        assert values.shape == (3,)
        assert ((values >= 0) & (values <= 1)).all()
        assert values[2] == 0


ONE = Profiles(meaning=MEANING)
ONE.apply([stored(1, Case(situation="桥下积水"))], 1)
SMALL = Profiles(meaning=MEANING)
SMALL.apply([stored(1, Case(situation="桥下积水")), stored(2, Case(situation="gas leak", title="漏气"))], 2)


def test_a_case_is_wholly_like_itself() -> None:
    found = SMALL.compare("漏气\ngas leak", [2])
    assert found["matter"][0] == pytest.approx(1, abs=1e-5)
    assert found["whole"][0] == pytest.approx(1, abs=1e-5)
    assert found["coverage"][0] == pytest.approx(1, abs=1e-5)
    assert found["words"][0] == pytest.approx(1, abs=1e-5)
    assert found["sound"][0] == pytest.approx(1, abs=1e-5)
    assert 0 < found["lead"][0] < 1
    assert found["handling"][0] == 0
    assert found["meaning"][0] == pytest.approx(1, abs=1e-3)
    assert 0.9 < found["kind"][0] <= 1


def test_of_what_a_case_means_only_its_opening_is_read() -> None:
    long = "桥下积水。" * (MEANING_CHARACTERS // 5)
    profiles = Profiles(meaning=MEANING)
    profiles.apply([stored(1, Case(situation=long)), stored(2, Case(situation=f"{long}路灯不亮，电梯困人"))], 2)
    for name in MEANT:
        one, other = profiles.compare("桥下积水", [1, 2])[name]
        assert one == other > 0


def test_what_was_done_counts_for_what_a_case_means() -> None:
    long = "桥下积水。" * (MEANING_CHARACTERS // 5)
    pumped, more = "架设泵车抽水。", "路灯不亮，电梯困人。" * (MEANING_CHARACTERS // 10)
    cases = [
        Case(situation=long),
        Case(situation=long, actions=(Action(text=pumped),)),
        Case(situation=long, actions=(Action(text=pumped * (MEANING_CHARACTERS // 7 + 1)),)),
        Case(situation=long, actions=(Action(text=pumped * (MEANING_CHARACTERS // 7 + 1)), Action(text=more))),
    ]
    profiles = Profiles(meaning=MEANING)
    profiles.apply([stored(i, case) for i, case in enumerate(cases, 1)], 4)
    for question in ("泵车抽水", "电梯困人"):
        found = profiles.compare(question, [1, 2, 3, 4])
        assert len(set(found["meaning"][:3].tolist())) == 3  # however long the situation
        for name in MEANT:
            assert found[name][2] == found[name][3]  # the end of a long handling is not read


def test_a_case_that_one_batch_approves_and_retires_is_gone() -> None:
    case = Case(situation="桥下积水")
    profiles = Profiles(meaning=MEANING)
    profiles.apply([stored(1, case), stored(1, case.model_copy(update={"status": CaseStatus.RETIRED}))], 2)
    assert profiles.count() == 0
    assert {float(values[0]) for values in profiles.compare("桥下积水", [1]).values()} == {0.0}


def test_a_case_that_one_batch_retires_and_approves_is_there() -> None:
    case = Case(situation="桥下积水")
    profiles = Profiles(meaning=MEANING)
    profiles.apply([stored(1, case.model_copy(update={"status": CaseStatus.RETIRED})), stored(1, case)], 2)
    assert profiles.count() == 1
    assert {name: v.tolist() for name, v in profiles.compare("隧道进水", [1]).items()} == {
        name: v.tolist() for name, v in ONE.compare("隧道进水", [1]).items()
    }


def test_profiles_of_another_meaning_are_built_anew(tmp_path: Path) -> None:
    one = Profiles(tmp_path / "p", MEANING)
    one.apply([stored(1, Case(situation="桥下积水"))], 1)
    one.save()
    other = read_meaning(Lexicon(MEANING.lexicon.concepts[1:]))
    assert Profiles(tmp_path / "p", MEANING).applied() == 1
    assert (Profiles(tmp_path / "p", other).applied(), Profiles(tmp_path / "p", other).count()) == (0, 0)


def test_without_a_meaning_of_its_own_it_takes_the_bundled_one() -> None:
    default = Profiles()
    default.apply([stored(1, Case(situation="桥下积水"))], 1)
    for name, values in default.compare("隧道进水", [1]).items():
        assert values.tolist() == ONE.compare("隧道进水", [1])[name].tolist()


def test_what_was_misheard_is_alike_by_sound_only() -> None:
    found = SMALL.compare("乔夏机睡", [1])
    assert found["sound"][0] == pytest.approx(1, abs=1e-5)
    assert found["matter"][0] == found["words"][0] == 0


@given(st.text("积水。！？!?\n ab", max_size=150))
def test_the_opening_is_the_first_sentence_or_line(text: str) -> None:
    lead = lead_of(text)
    assert len(lead) <= LEAD_LENGTH
    assert text.strip().startswith(lead)
    assert not set(lead) & set("。！？!?\n")
    rest = text.strip()[len(lead) :]
    assert not rest or len(lead) == LEAD_LENGTH or rest[0] in "。！？!?\n"


def test_no_cases_asked_no_answers() -> None:
    assert {values.shape for values in SMALL.compare("积水", []).values()} == {(0,)}
    assert {values.shape for values in Profiles(meaning=MEANING).compare("积水", [1]).values()} == {(1,)}


def test_removal_and_repetition() -> None:
    profiles = Profiles(meaning=MEANING)
    for _ in range(2):
        profiles.apply([stored(1, Case(situation="桥下积水")), stored(2, Case(situation="停电"))], 2)
    assert (profiles.applied(), profiles.count()) == (2, 2)
    profiles.apply([stored(2, Case(situation="停电", status=CaseStatus.RETIRED))], 3)
    profiles.apply([stored(2, Case(situation="停电", status=CaseStatus.RETIRED))], 3)
    assert (profiles.applied(), profiles.count()) == (3, 1)
    check_against_slow(profiles, {1: Case(situation="桥下积水")}, "积水停电")
    assert {float(values[0]) for values in profiles.compare("停电", [2]).values()} == {0.0}


def test_what_was_saved_is_there_after_reopening(tmp_path: Path, demo_cases: tuple[Case, ...]) -> None:
    live = dict(enumerate(demo_cases[:20], 1))
    one = Profiles(tmp_path / "profiles", MEANING)
    one.apply([stored(i, case) for i, case in live.items()], 20)
    assert Profiles(tmp_path / "profiles", MEANING).applied() == 0  # not saved yet
    one.save()
    again = Profiles(tmp_path / "profiles", MEANING)
    assert (again.applied(), again.count()) == (20, 20)
    check_against_slow(again, live, QUESTIONS[0])
    again.apply([stored(1, live.pop(1).model_copy(update={"status": CaseStatus.RETIRED}))], 21)
    again.save()
    last = Profiles(tmp_path / "profiles", MEANING)
    assert (last.applied(), last.count()) == (21, 19)
    check_against_slow(last, live, QUESTIONS[0])


def test_saving_when_every_case_is_gone(tmp_path: Path) -> None:
    one = Profiles(tmp_path / "p", MEANING)
    one.apply([stored(1, Case(situation="停电", status=CaseStatus.RETIRED))], 1)
    one.save()
    again = Profiles(tmp_path / "p", MEANING)
    assert (again.applied(), again.count()) == (1, 0)
    again.apply([stored(2, Case(situation="停水"))], 2)
    again.save()
    assert Profiles(tmp_path / "p", MEANING).count() == 1


def test_one_that_lags_does_not_save_over_one_that_is_ahead(tmp_path: Path) -> None:
    ahead, behind = Profiles(tmp_path / "p", MEANING), Profiles(tmp_path / "p", MEANING)
    behind.apply([stored(1, Case(situation="停电"))], 1)
    ahead.apply([stored(1, Case(situation="停电")), stored(2, Case(situation="停水"))], 2)
    ahead.save()
    behind.save()
    assert Profiles(tmp_path / "p", MEANING).applied() == 2


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-60])


def _cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _garble(path: Path) -> None:
    path.write_bytes(b"not an archive" * 20)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for place in range(200, len(content) - 2_000, 97):
        content[place] ^= 0xFF
    path.write_bytes(bytes(content))


def _lose(path: Path) -> None:
    path.unlink()


def _forget(path: Path) -> None:
    (path.parent / "stamp.json").unlink()


def _of_another_format(path: Path) -> None:
    (path.parent / "stamp.json").write_text('{"format": "profiles-0", "change": 3}')


def _lose_all(path: Path) -> None:
    shutil.rmtree(path.parent)


@pytest.mark.parametrize(
    "damage", [_truncate, _cut_short, _empty, _garble, _flip, _lose, _forget, _of_another_format, _lose_all]
)
def test_a_damaged_file_begins_anew_and_is_saved_again(
    tmp_path: Path, demo_cases: tuple[Case, ...], damage: Callable[[Path], None]
) -> None:
    folder, cases = tmp_path / "profiles", [stored(i, case) for i, case in enumerate(demo_cases[:5], 1)]
    one = Profiles(folder, MEANING)
    one.apply(cases, 5)
    one.save()
    damage(folder / "profiles.npz")
    again = Profiles(folder, MEANING)
    assert (again.applied(), again.count()) == (0, 0)
    again.apply(cases, 5)
    again.save()
    assert (Profiles(folder, MEANING).applied(), Profiles(folder, MEANING).count()) == (5, 5)


def test_a_case_is_compared_the_same_whatever_stands_beside_it(demo_cases: tuple[Case, ...]) -> None:
    alone = Case(external_id="alone", situation="立交桥下积水，两辆车被困")
    profiles = Profiles(meaning=MEANING)
    profiles.apply([stored(1, alone), *[stored(i, case) for i, case in enumerate(demo_cases[:20], 2)]], 21)
    question = "立交桥下积水"
    beside = profiles.compare(question, [1, 2, 3, 4])
    single = profiles.compare(question, [1])
    assert {name: float(v[0]) for name, v in single.items()} == pytest.approx(
        {n: float(v[0]) for n, v in beside.items()}
    )


def test_how_far_a_case_base_is_about_other_things() -> None:
    profiles = Profiles()
    assert profiles.knownness() == Knownness(0.0, 1.0)
    texts = ["桥下积水", "路灯不亮", "We prove a theorem on prime numbers"]
    profiles.apply([stored(n, Case(situation=text)) for n, text in enumerate(texts, 1)], 1)
    vectors = MEANING.embed([f"{case_text(Case(situation=text)).matter()}\n" for text in texts])
    outside, clearness = [], []
    for vector, row in zip(vectors, MEANING.shares(vectors), strict=True):
        kept = np.argsort(-row)[:16]
        outside.append(sum(float(row[k]) for k in kept if MEANING.kinds[k].leaf in ("other", "chat")))
        clearness.append(max(float(vector @ centre) for centre in MEANING.centres))
    assert profiles.knownness().outside == pytest.approx(sorted(outside)[1], abs=0.01)
    assert profiles.knownness().clearness == pytest.approx(sorted(clearness)[1], abs=0.01)
    profiles.apply([stored(1, Case(situation=texts[0], status=CaseStatus.RETIRED))], 2)
    again = profiles.knownness()
    assert again.outside == pytest.approx((outside[1] + outside[2]) / 2, abs=0.01), "counted anew after a change"
    assert again.clearness == pytest.approx((clearness[1] + clearness[2]) / 2, abs=0.01)
