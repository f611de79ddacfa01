"""The same matter on the demo calls: groups find each other, with reasons, also when words are misheard."""

from datetime import UTC, datetime, timedelta

import pytest

from assistant.answer import Match
from assistant.callreading import CallReader
from assistant.samematter import SameMatter, pair_features, read_matter_model
from eval.calls import bundled_reader
from eval.noise import homophones
from eval.samematter import demo_shelf, misheard
from knowledge.callindex import CallIndex
from knowledge.case import Case

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def reader() -> CallReader:
    return bundled_reader()


@pytest.fixture(scope="module")
def same(reader: CallReader) -> SameMatter:
    shelf, _ = demo_shelf()
    index = CallIndex(reader.understanding.gazetteer, reader.understanding.meaning)
    index.sync(shelf)
    return SameMatter(index, shelf)


def test_groups_find_each_other(same: SameMatter) -> None:
    shelf, matters = demo_shelf()
    wrong = 0
    for number, call in shelf.calls.items():
        if number not in matters:
            continue
        wanted = {n for n, matter in matters.items() if n != number and matter == matters[number]}
        called = {r.id for r in same(call, NOW, limit=10) if r.probability >= same.model.threshold}
        assert wanted <= called or len(wanted - called) <= 1, call.external_id
        wrong += len(called - wanted)
    assert wrong <= 2


def test_found_although_misheard(same: SameMatter) -> None:
    shelf, matters = demo_shelf()
    noisy = homophones([call.transcript.text() for call in shelf.calls.values() if call.transcript])
    found = asked = 0
    for number, call in shelf.calls.items():
        wanted = {n for n, m in matters.items() if n != number and m == matters.get(number)}
        if not wanted:
            continue
        heard = misheard(call, noisy, 0.2, 5, marked=True)
        asked += 1
        found += bool(wanted & {r.id for r in same(heard, NOW)})
    assert found / asked >= 0.9


def test_reasons_and_order(same: SameMatter) -> None:
    shelf, _ = demo_shelf()
    related = same(shelf.calls[9], NOW)
    assert related[0].id == 7
    assert related[0].external_id == "DH-0007"
    assert related[0].why[0] == "同一地点：王家集市场"
    assert [r.probability for r in related] == sorted((r.probability for r in related), reverse=True)
    assert all(r.kind == "call" and 0 <= r.probability <= 1 and r.id != 9 for r in related)
    english = same(shelf.calls[3], NOW)
    assert any(reason.startswith("same place") for reason in english[0].why)
    assert same(shelf.calls[9], NOW, limit=1) == related[:1]


def test_doubt_is_said(same: SameMatter) -> None:
    shelf, _ = demo_shelf()
    noisy = homophones(["水"])
    heard = misheard(shelf.calls[9], noisy, 0.0, 1, marked=True)
    related = same(heard, NOW)
    assert related
    assert related[0].doubtful
    assert not same(shelf.calls[9], NOW)[0].doubtful


def test_cases_are_compared_like_calls(same: SameMatter, reader: CallReader) -> None:
    shelf, _ = demo_shelf()
    call = shelf.calls[33]
    case = Case(
        external_id="YZ-1", situation="铁路新村5号楼暖气不热", place="铁路新村",
        occurred_at=call.received_at - timedelta(days=1),
    )  # fmt: skip
    parts = dict.fromkeys(("whole", "sound", "meaning", "kind"), 0.9)
    near = Match(
        case_id=4, external_id="YZ-1", score=0.9, parts=parts, why=("都提到“暖气”",), case=case, age_days=1
    )  # fmt: skip
    with_cases = SameMatter(same.index, same.source, near=lambda situation, now: [near])
    situation = reader(call).situation
    (found,) = [r for r in with_cases(call, NOW, situation=situation, limit=10) if r.kind == "case"]
    assert (found.id, found.external_id, found.why) == (4, "YZ-1", near.why)
    assert found.probability >= with_cases.model.threshold
    old = near.model_copy(update={"case": case.model_copy(update={"occurred_at": None})})
    forgotten = SameMatter(same.index, same.source, near=lambda situation, now: [old])
    later = [r for r in forgotten(call, NOW, situation=situation, limit=10) if r.kind == "case"]
    assert all(r.probability < found.probability for r in later)


def test_the_model_and_its_features(same: SameMatter) -> None:
    model = read_matter_model()
    texts = same.index.texts
    parts = {"whole": 0.2, "sound": 0.3, "meaning": 0.5, "kind": 0.4}
    here = texts.plain("铁路新村8号楼暖气不热")
    there = texts.plain("悦湖湾3号楼暖气不热")
    alike = pair_features(here, here, parts, 0.0)
    apart = pair_features(here, there, parts, 30.0)
    assert set(model.coefficients) == {"intercept", *alike}
    assert all(0 <= value <= 1 for value in [*alike.values(), *apart.values()])
    assert (alike["place"], apart["place"], apart["elsewhere"], apart["house"]) == (1.0, 0.0, 1.0, 1.0)
    assert model(alike) > model(apart)


def test_calls_as_evidence(same: SameMatter, reader: CallReader) -> None:
    situation = reader.understanding("铁路新村暖气不热怎么办", NOW)
    evidence = same.related_calls(situation)
    assert evidence
    shelf, matters = demo_shelf()
    assert {matters[e.call_id] for e in evidence} == {"tielu-heating"}
    for one in evidence:
        transcript = shelf.calls[one.call_id].transcript
        assert transcript is not None
        segment = transcript.segments[one.segment]
        assert one.sentence in segment.text
        assert segment.start <= one.start <= segment.end
        assert not one.doubtful
        assert segment.channel.value == "caller"
    assert same.related_calls(reader.understanding("qqqq", NOW)) == ()
