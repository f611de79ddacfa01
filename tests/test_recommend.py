"""Recommendations over the demo city: quotes, emergency first, nothing that only failed, and what the city has learned.

The questions are written for this test or cut from the beginning of demo cases; which measure is the better one in a
kind of matter is read from the demo cases themselves.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from assistant.answer import Label, Match, Reading, Recommendation, SeverityReading, Situation, Verdict
from knowledge.case import Action, ActionResult, Case, Outcome
from knowledge.text import sentences

# (question, kind of matter, the measure that works there, the measure that does not)
FAMILIES = (
    ("工地拖欠农民工工资，八十多人讨薪", "labour.wages", "advance_pay", "talk"),
    ("共享单车停满地铁口，清走第二天又堆满", "traffic.bike", "install_facility", "clean"),
    ("路面塌陷一个大坑，旁边有供水管", "road.collapse", "expert_assess", "emergency_repair"),
    ("路面塌陷两米深的坑，路边楼房住着人", "road.collapse", "shut_supply", "emergency_repair"),
    ("工地半夜浇混凝土施工，居民连续投诉睡不着", "environment.site_noise", "plan_route", "penalty"),
    ("垃圾转运站夏天臭味扰民，居民投诉恶臭", "environment.waste_smell", "plan_route", "clean"),
    ("烂尾楼停工两年，业主要求交房", "housing.unfinished", "fund_supervise", "talk"),
    ("小区闻到煤气味，怀疑煤气泄漏", "utility.gas_leak", "shut_supply", "inspect"),
    ("违法停车堵路，交警贴单没有用", "traffic.parking", "install_facility", "penalty"),
    ("学校门口早晚高峰拥堵，接送车堵成一片", "traffic.congestion", "plan_route", "deploy_staff"),
    ("小学班级诺如病毒，多名学生呕吐", "health.epidemic", "isolate_cases", "disinfect"),
    ("片区学位不够，家长要求就近入学", "education.enrolment", "place_arrange", "explain"),
    ("罐车侧翻，危险化学品泄漏", "safety.hazmat", "contain_hazard", "clean"),
    ("小贩占道经营，赶走又回来", "cityscape.vendor", "install_facility", "tow"),
    ("电动车在楼道里充电，清了又来", "safety.ebike_charge", "install_facility", "tow"),
    ("健身房预付卡跑路，会员要退卡", "market.prepaid", "advance_pay", "talk"),
    ("小区流浪狗扰民，还咬了人", "security.dog", "self_govern", "educate"),
    ("高温天户外工人中暑", "welfare.heat", "plan_route", "warn_public"),
    ("学校食堂聚集性食物中毒，学生呕吐送医", "health.food_poisoning", "seal_goods", "disinfect"),
    ("校外培训机构突然关门，家长要求退费", "education.refund", "fund_supervise", "mediate"),
)
OWN = (
    *(family[0] for family in FAMILIES),
    "Gas smell in an apartment block, 30 households, what now?",
    "Bikes block the metro exit; trucks clear them and they come back",
    "A prepaid gym closed overnight, 300 members want refunds",
    "Crowd at the riverside on New Year's Eve, over ten thousand people",
    "Wage arrears: 86 workers block the site gate",
    "Road collapse beside a metro works, two metres deep",
    "凤台立交桥下积水半米，两辆车被困",
    "跨年夜江边人挤人，怕踩踏",
    "老旧小区电梯困住三个人",
    "今天天气不错",
)


@pytest.fixture(scope="module")
def answers(desk: Any, demo_cases: tuple[Case, ...]) -> dict[str, Recommendation]:
    cut = tuple(sentences(case.situation)[0] for case in demo_cases[::6])
    return {text: desk.ask(text) for text in (*OWN, *cut)}


def _cases(desk: Any, answer: Recommendation) -> Iterator[tuple[int, Case, str]]:
    evidence = [e for action in answer.actions for e in action.evidence] + [c.evidence for c in answer.cautions]
    stored = desk.copies.records.get([e.case_id for e in evidence])
    for cited in evidence:
        yield cited.case_id, stored[cited.case_id].case, cited.quote


def test_every_quote_stands_word_for_word_in_the_case_it_cites(desk: Any, answers: dict[str, Recommendation]) -> None:
    assert len(answers) > 60
    quotes = 0
    for answer in answers.values():
        for case_id, case, quote in _cases(desk, answer):
            assert any(quote in text for text in case.texts()), f"{quote!r} is not in case {case_id}"
            quotes += 1
    assert quotes > 500


def test_every_cited_case_is_shown(answers: dict[str, Recommendation]) -> None:
    for answer in answers.values():
        shown = {m.case_id for m in answer.matches}
        cited = {e.case_id for a in answer.actions for e in a.evidence} | {c.evidence.case_id for c in answer.cautions}
        if answer.contrast:
            cited |= {answer.contrast.success_case_id, answer.contrast.failure_case_id}
        assert cited <= shown


def test_emergency_measures_come_first_where_life_is_in_danger(answers: dict[str, Recommendation]) -> None:
    dangerous = [a for a in answers.values() if a.situation.severity.danger_to_life]
    assert len(dangerous) >= 10
    for answer in dangerous:
        urgent = [action.emergency for action in answer.actions]
        assert urgent == sorted(urgent, reverse=True)
        assert all(action.when == "now" for action in answer.actions if action.emergency)
    assert sum(any(action.emergency for action in answer.actions) for answer in dangerous) >= len(dangerous) * 0.7


def test_without_danger_nothing_is_called_an_emergency(answers: dict[str, Recommendation]) -> None:
    for answer in answers.values():
        if not answer.situation.severity.danger_to_life:
            assert not any(action.emergency for action in answer.actions)


def test_only_emergency_types_are_put_first(desk: Any, answers: dict[str, Recommendation]) -> None:
    types = desk.taxonomy.action_type_by_id
    assert all(types[a.action_type].emergency for answer in answers.values() for a in answer.actions if a.emergency)


def test_what_only_failed_is_never_recommended(answers: dict[str, Recommendation]) -> None:
    for answer in answers.values():
        for action in answer.actions:
            record = action.track_record
            assert record.worked > 0 or record.tried == 0
            results = {
                use.result
                for match in answer.matches
                for use in match.case.actions
                if use.action_type == action.action_type and match.case_id in {e.case_id for e in action.evidence}
            }
            assert results - {ActionResult.FAILED}


def test_the_quoted_action_did_not_fail(desk: Any, answers: dict[str, Recommendation]) -> None:
    for answer in answers.values():
        stored = desk.copies.records.get([e.case_id for a in answer.actions for e in a.evidence])
        for action in answer.actions:
            for cited in action.evidence:
                (use,) = [u for u in stored[cited.case_id].case.actions if u.text == cited.quote]
                assert use.action_type == action.action_type
                assert use.result is not ActionResult.FAILED


def test_actions_are_merged_by_type_and_limited(answers: dict[str, Recommendation]) -> None:
    for answer in answers.values():
        types = [action.action_type for action in answer.actions]
        assert len(set(types)) == len(types) <= 8
        assert len(answer.propensities) == len(types)
        assert len(answer.cautions) <= 5


def test_reasons_are_in_the_askers_language(answers: dict[str, Recommendation]) -> None:
    for answer in answers.values():
        for action in answer.actions:
            assert action.why
            said = "".join(action.why)
            assert bool(re.search(r"[\u4e00-\u9fff]", said)) == (answer.language == "zh")


def test_contrasts_set_a_success_against_a_failure_of_the_same_kind(
    desk: Any, answers: dict[str, Recommendation]
) -> None:
    found = [a.contrast for a in answers.values() if a.contrast]
    assert found
    for contrast in found:
        ids = [contrast.success_case_id, contrast.failure_case_id]
        stored = desk.copies.records.get(ids)
        good, bad = (stored[i].case for i in ids)
        assert good.outcome is not None
        assert bad.outcome is not None
        assert good.outcome.resolved
        assert good.category == bad.category
        did = {a.action_type for a in good.actions}
        assert set(contrast.only_in_success) <= did - {a.action_type for a in bad.actions}


def test_the_same_question_gets_the_same_actions(desk: Any, answers: dict[str, Recommendation]) -> None:
    for text in OWN[:5]:
        again = desk.ask(text)
        assert (again.actions, again.cautions, again.answer_markdown) == (
            answers[text].actions, answers[text].cautions, answers[text].answer_markdown,
        )  # fmt: skip


def _rate(cases: tuple[Case, ...], category: str, action_type: str) -> tuple[int, float]:
    results = [
        a.result is ActionResult.WORKED
        for c in cases
        if c.category == category
        for a in c.actions
        if a.action_type == action_type and a.result is not ActionResult.UNKNOWN
    ]
    return len(results), sum(results) / len(results)


@pytest.mark.parametrize(("question", "category", "better", "worse"), FAMILIES)
def test_what_worked_in_the_city_ranks_above_what_did_not(
    question: str, category: str, better: str, worse: str,
    answers: dict[str, Recommendation], demo_cases: tuple[Case, ...],
) -> None:  # fmt: skip
    (tried, rate), (failing_tried, failing_rate) = (_rate(demo_cases, category, t) for t in (better, worse))
    assert min(tried, failing_tried) >= 2, "the demo cases do not show it"
    assert rate >= failing_rate + 0.3, "the demo cases do not show it"
    order = [action.action_type for action in answers[question].actions]
    assert better in order
    assert worse not in order or order.index(better) < order.index(worse)


@pytest.mark.parametrize("question", [OWN[0], OWN[2], "凤台立交桥下积水半米，两辆车被困"])
def test_without_a_precedent_only_emergency_measures_are_offered(desk: Any, question: str) -> None:
    situation, _, matches = desk.match(question, top=12)
    new = Verdict(label=Label.NEW, probability=0.9, probabilities={"new": 0.9, "similar": 0.1, "same": 0.0})
    composed = desk.composer(situation, new, matches, {"": 0.6})
    if situation.severity.danger_to_life:
        assert composed.actions
    assert all(a.emergency and situation.severity.danger_to_life for a in composed.actions)
    assert situation.severity.danger_to_life or not (composed.actions or composed.cautions or composed.contrast)


@pytest.mark.parametrize("question", [OWN[0], OWN[2], "凤台立交桥下积水半米，两辆车被困"])
def test_where_a_precedent_is_in_doubt_all_measures_are_offered(desk: Any, question: str) -> None:
    situation, _, matches = desk.match(question, top=12)
    doubt = Verdict(label=Label.NEW, probability=0.3, probabilities={"new": 0.3, "similar": 0.6, "same": 0.1})
    composed = desk.composer(situation, doubt, matches, {"": 0.6})
    assert composed.actions
    assert composed == desk.composer(situation, SIMILAR, matches, {"": 0.6})
    even = Verdict(label=Label.NEW, probability=0.5, probabilities={"new": 0.5, "similar": 0.4, "same": 0.1})
    assert all(a.emergency for a in desk.composer(situation, even, matches, {"": 0.6}).actions)


# Offers: the same actions as the learner sees them


@pytest.mark.parametrize("question", OWN)
def test_every_action_stands_as_an_offer_in_the_fixed_order(desk: Any, question: str) -> None:
    situation, verdict, matches = desk.match(question, top=12)
    composed = desk.composer(situation, verdict, matches, {"": 0.6}, at=datetime(2026, 7, 1, tzinfo=UTC))
    assert [o.action_type for o in composed.offers] == [a.action_type for a in composed.actions]
    called = situation.severity.first_actions
    keys = [(not (o.first and o.action_type in called), not o.first, -o.base, o.action_type) for o in composed.offers]
    assert keys == sorted(keys)
    types = desk.taxonomy.action_type_by_id
    for offer, action in zip(composed.offers, composed.actions, strict=True):
        assert min(offer.base, offer.rate, offer.support, offer.same_district) >= 0
        assert max(offer.base, offer.rate, offer.support, offer.same_district) <= 1
        assert (offer.rate, offer.first) == (action.track_record.rate, action.emergency)
        assert offer.family == types[offer.action_type].family


def test_there_are_more_offers_than_are_shown(desk: Any) -> None:
    situation, verdict, matches = desk.match(OWN[0], top=12)
    composed = desk.composer(situation, verdict, matches, {"": 0.6})
    assert len(composed.offers) > 8
    assert len(desk.ask(OWN[0]).actions) == 8


# Cases by hand, without the demo city


def _situation(danger: bool = False, missing: tuple[str, ...] = ()) -> Situation:
    severity = SeverityReading(level=3 if danger else 4, reasons=(), danger_to_life=danger)
    return Situation(
        text="积水", language="zh", category=None, district=None, place=None, occurred_at=None, severity=severity,
        missing=missing,
    )  # fmt: skip


def _match(number: int, *actions: tuple[str, ActionResult], score: float = 0.8, **fields: Any) -> Match:
    case = Case(
        situation=f"积水{number}",
        language="zh",
        actions=tuple(
            Action(text=f"{kind}之{number}", action_type=kind, result=result, note=f"{kind}注{number}")
            for kind, result in actions
        ),
        **fields,
    )
    return Match(case_id=number, external_id=f"c{number}", score=score, parts={}, why=(), case=case, age_days=None)


SIMILAR = Verdict(label=Label.SIMILAR, probability=0.9, probabilities={"similar": 0.9, "new": 0.1, "same": 0.0})
WORKED, FAILED, UNKNOWN = ActionResult.WORKED, ActionResult.FAILED, ActionResult.UNKNOWN


def test_no_matches_give_nothing_but_questions(desk: Any) -> None:
    composed = desk.composer(_situation(missing=("place",)), SIMILAR, (), {"": 0.6})
    assert (composed.actions, composed.cautions, composed.contrast) == ((), (), None)
    assert [u.key for u in composed.unknowns] == ["place"]
    assert composed.unknowns[0].question.endswith("？")


def test_success_ranks_above_mixed_and_failure_becomes_a_caution(desk: Any) -> None:
    matches = [
        _match(1, ("clean", WORKED), ("repair", WORKED), ("talk", FAILED)),
        _match(2, ("clean", FAILED), ("repair", WORKED), ("talk", FAILED)),
    ]
    composed = desk.composer(_situation(), SIMILAR, matches, {"": 0.6})
    assert [a.action_type for a in composed.actions] == ["repair", "clean"]
    assert {c.action_type for c in composed.cautions} == {"talk", "clean"}
    assert composed.cautions[0].evidence.quote == "talk注1"
    clean = composed.actions[1]
    assert [e.case_id for e in clean.evidence] == [1]
    assert "其中 1 次没有见效，见“注意”" in clean.why


def test_a_failure_outweighs_a_try_of_unknown_result(desk: Any) -> None:
    matches = [_match(1, ("clean", FAILED), ("repair", WORKED)), _match(2, ("clean", UNKNOWN))]
    composed = desk.composer(_situation(), SIMILAR, matches, {"": 0.6})
    assert [a.action_type for a in composed.actions] == ["repair"]


def test_untested_measures_are_offered_after_proven_ones(desk: Any) -> None:
    matches = [_match(1, ("repair", WORKED), ("educate", UNKNOWN))]
    composed = desk.composer(_situation(), SIMILAR, matches, {"": 0.6})
    assert [a.action_type for a in composed.actions] == ["repair", "educate"]
    assert composed.actions[1].track_record.tried == 0


def test_a_case_that_was_superseded_says_less(desk: Any) -> None:
    matches = [_match(1, ("repair", WORKED)), _match(2, ("upgrade", WORKED))]
    from assistant.answer import Replacement

    old = matches[0].model_copy(update={"replaced_by": Replacement(case_id=2, external_id="c2", title="新")})
    composed = desk.composer(_situation(), SIMILAR, [old, matches[1]], {"": 0.6})
    assert composed.actions[0].action_type == "upgrade"


def test_old_evidence_says_less_and_is_counted_all_the_same(desk: Any) -> None:
    at = datetime(2026, 7, 1, tzinfo=UTC)
    old = [_match(n, ("repair", WORKED), closed_at=at.replace(year=2006)) for n in (1, 2)]
    new = [_match(n, ("upgrade", WORKED), closed_at=at) for n in (3, 4)]
    composed = desk.composer(_situation(), SIMILAR, [*old, *new], {"": 0.6}, at=at)
    found = {a.action_type: a.track_record for a in composed.actions}
    assert [a.action_type for a in composed.actions] == ["upgrade", "repair"]
    assert (found["repair"].tried, found["repair"].worked) == (2, 2)
    assert found["repair"].rate < found["upgrade"].rate
    unaged = desk.composer(_situation(), SIMILAR, [*old, *new], {"": 0.6})
    assert {a.track_record.rate for a in unaged.actions} == {found["upgrade"].rate}


def test_the_share_of_evidence_from_the_district(desk: Any) -> None:
    there = Reading(value="wangjiang", confidence=0.9)
    matches = [
        _match(1, ("repair", WORKED), ("talk", WORKED), district="wangjiang"),
        _match(2, ("repair", WORKED), district="yunshui"),
        _match(3, ("repair", WORKED)),
    ]
    asked = _situation().model_copy(update={"district": there})
    shares = {o.action_type: o.same_district for o in desk.composer(asked, SIMILAR, matches, {"": 0.6}).offers}
    assert shares == {"repair": pytest.approx(1 / 3), "talk": 1.0}
    nowhere = desk.composer(_situation(), SIMILAR, matches, {"": 0.6}).offers
    assert {o.same_district for o in nowhere} == {0.0}


def test_an_action_type_of_nobodys_taxonomy_has_its_time_as_family(desk: Any) -> None:
    (offer,) = desk.composer(_situation(), SIMILAR, [_match(1, ("dance", WORKED))], {"": 0.6}).offers
    assert offer.family == "today"


def test_the_contrast_names_what_only_the_success_did(desk: Any) -> None:
    good = _match(
        1,
        ("repair", WORKED),
        ("clean", WORKED),
        category="flood.street",
        outcome=Outcome(resolved=True, satisfaction=5),
    )
    bad = _match(2, ("clean", WORKED), category="flood.street", outcome=Outcome(resolved=False))
    contrast = desk.composer(_situation(), SIMILAR, [good, bad], {"": 0.6}).contrast
    assert contrast is not None
    assert (contrast.only_in_success, contrast.only_in_failure) == (("repair",), ())
