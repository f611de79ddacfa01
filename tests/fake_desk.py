"""A hand-written assistant with the signatures of the desk: four cases, one answer, everything kept in memory.

It says the same thing to every question except to those that start with a cue: "新情况" (no precedent), "同一" (same
event), "故障" (a fault), "太难" (a sentence for the person), "慢" (answers after two seconds).
"""

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from assistant.answer import (
    Caution,
    Contrast,
    Evidence,
    Label,
    Match,
    Quantity,
    RankedAction,
    Reaction,
    Reading,
    Recommendation,
    Replacement,
    SeverityReading,
    Situation,
    TrackRecord,
    Turn,
    Unknown,
    Verdict,
)
from assistant.learning.events import Effect
from knowledge.case import Action, ActionResult, Case, CaseKind, Outcome
from knowledge.errors import BadInput, NotFound
from knowledge.filter import Wanted
from knowledge.places import read_places
from knowledge.taxonomy import read_taxonomy

NOW = datetime(2026, 7, 12, 8, 30, tzinfo=UTC)
HOSTILE = "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'>${window.hacked=1}{{value}}`"


def _case(number: int, title: str, *, resolved: bool, days: float, summary: str, **fields: object) -> Case:
    return Case.model_validate(
        {
            "external_id": f"YZ-{number}",
            "title": title,
            "category": "flood.underpass",
            "district": "wangjiang",
            "occurred_at": NOW - timedelta(days=240 * number),
            "closed_at": NOW - timedelta(days=240 * number - days),
            "severity": 3,
            "departments": ("water", "police", "应急管理局"),
            "outcome": Outcome(resolved=resolved, days=days, satisfaction=4, recurred=not resolved, summary=summary),
            "source": "防汛值班日志",
            **fields,
        }
    )


CASES: dict[int, Case] = {
    1: _case(
        1,
        "凤台立交桥下积水 0.6 米，三辆车熄火",
        resolved=True,
        days=0.4,
        summary="凌晨 4 时抽排完毕，6 时恢复通行，无人受伤。",
        situation="7 月强降雨一小时 78 毫米，凤台立交桥下积水约 0.6 米，三辆小客车熄火，一名司机被困车顶。",
        lessons="泵站备用电源每年汛前要带载试一次；封路比救车快，先封再抽。",
        actions=(
            Action(
                text="交警在南北两个入口摆放隔离墩并双向封闭桥下通道，引导车辆走地面辅道。",
                action_type="traffic_control",
                department="police",
                result=ActionResult.WORKED,
                note="封闭后没有新增被困车辆",
            ),
            Action(
                text="水务局调两台移动泵车，每小时抽排 1200 立方米。",
                action_type="pump_drain",
                department="water",
                result=ActionResult.WORKED,
            ),
            Action(
                text="现场喊话提醒车主自行涉水离开。",
                action_type="warn_public",
                department="police",
                result=ActionResult.FAILED,
                note="两名车主涉水时滑倒",
            ),
        ),
    ),
    2: _case(
        2,
        "滨河路下穿通道夜间积水，公交车被困",
        resolved=True,
        days=1.5,
        summary="乘客 23 人全部转移，次日中午恢复。",
        situation="夜间短时强降雨，滨河路下穿通道积水 0.9 米，一辆公交车被困，车上 23 人。",
        lessons="水位标尺和自动道闸比人工值守快二十分钟。",
        actions=(
            Action(
                text="消防用橡皮艇转移乘客，先老人和孩子。",
                action_type="rescue",
                department="fire_rescue",
                result=ActionResult.WORKED,
            ),
            Action(
                text="临时停用下穿通道，三天内加装自动道闸。",
                action_type="install_facility",
                department="water",
                result=ActionResult.UNKNOWN,
            ),
        ),
    ),
    3: _case(
        3,
        "铁路桥涵洞积水处置不及时，两车淹没",
        resolved=False,
        days=3,
        summary="积水两天才排净，车主集体投诉，当年又淹一次。",
        situation="铁路桥涵洞排水口被落叶堵住，只派人值守没有封路，两辆车驶入后被淹。",
        lessons="只值守、不封路，等于没有处置。",
        actions=(
            Action(
                text="安排两名人员在现场值守提醒。",
                action_type="deploy_staff",
                department="subdistrict",
                result=ActionResult.FAILED,
                note="夜间看不清，车辆仍然驶入",
            ),
        ),
    ),
    4: _case(
        4,
        "下穿通道积水封控标准（试行）",
        resolved=True,
        days=30,
        summary="试行一年后由新标准取代。",
        kind=CaseKind.POLICY,
        situation="积水超过 30 厘米才封路，执行中发现来不及。",
    ),
    5: _case(
        5,
        "下穿通道积水封控标准：15 厘米即封",
        resolved=True,
        days=20,
        summary="执行后当年没有车辆被淹。",
        kind=CaseKind.POLICY,
        situation="把封路水位由 30 厘米降到 15 厘米，并要求装自动道闸。",
    ),
}
SCORES = {1: 0.86, 2: 0.67, 3: 0.52, 4: 0.34}


def match_of(case_id: int, language: str = "zh", score: float | None = None) -> Match:
    """A match as the matcher would give it."""
    case = CASES[case_id]
    alike = (
        ("同为下穿通道积水", "都在望江区", "都有车辆被困") if language == "zh" else ("both are flooded underpasses",)
    )
    return Match(
        case_id=case_id,
        external_id=case.external_id,
        score=SCORES.get(case_id, 0.0) if score is None else score,
        parts={"words": 0.8} if score is None else {},
        why=alike if score is None else (),
        case=case,
        age_days=240 * case_id,
        replaced_by=Replacement(case_id=5, external_id="YZ-5", title=CASES[5].heading()) if case_id == 4 else None,
    )


def _record(tried: int, worked: int, rate: float, low: float, high: float, days: float | None) -> TrackRecord:
    return TrackRecord(tried=tried, worked=worked, rate=rate, low=low, high=high, median_days=days)


ACTIONS = (
    RankedAction(
        text="交警在凤台立交桥南北两个入口双向封闭桥下通道，引导车辆走地面辅道。",
        action_type="traffic_control",
        department="police",
        when="now",
        evidence=(
            Evidence(case_id=1, quote="交警在南北两个入口摆放隔离墩并双向封闭桥下通道，引导车辆走地面辅道。"),
            Evidence(case_id=3, quote="只值守、不封路，等于没有处置。"),
        ),
        track_record=_record(7, 5, 0.68, 0.45, 0.88, 1.5),
        adapted=(("滨河路", "凤台立交桥"),),
        why=("可能危及生命，应急措施排在前面", "在最相似的案例里见效"),
        emergency=True,
    ),
    RankedAction(
        text="消防携橡皮艇到场，先转移车内被困人员。",
        action_type="rescue",
        department="fire_rescue",
        when="now",
        evidence=(Evidence(case_id=2, quote="消防用橡皮艇转移乘客，先老人和孩子。"),),
        track_record=_record(4, 4, 0.83, 0.58, 0.97, 0.2),
        emergency=True,
    ),
    RankedAction(
        text="水务局调移动泵车抽排，并检查泵站备用电源。",
        action_type="pump_drain",
        department="water",
        when="today",
        evidence=(Evidence(case_id=1, quote="水务局调两台移动泵车，每小时抽排 1200 立方米。"),),
        track_record=_record(6, 4, 0.63, 0.38, 0.84, 0.4),
    ),
    RankedAction(
        text="在凤台立交桥加装水位标尺和自动道闸。",
        action_type="install_facility",
        department="water",
        when="later",
        evidence=(Evidence(case_id=2, quote="临时停用下穿通道，三天内加装自动道闸。"),),
        track_record=_record(0, 0, 0.5, 0.1, 0.9, None),
    ),
)

ANSWER = {
    "zh": (
        "**先封路，再救人，同时抽水。** 案例库里有 3 个相似先例，最接近的是"
        "[凤台立交桥下积水 0.6 米](#case-1)，当时封闭通道后没有新增被困车辆，十小时恢复通行。\n\n"
        "1. 立即双向封闭桥下通道（7 次尝试 5 次见效）。\n2. 消防转移被困人员（4 次尝试 4 次见效）。\n"
        "3. 今天完成抽排，并检查备用电源。\n\n不要只派人值守：[铁路桥涵洞](#case-3)那次因此淹了两辆车。\n\n"
        "还需要弄清：车里有没有人？水位还在涨吗？"
    ),
    "en": (
        "**Close the road first, then rescue, and pump meanwhile.** There are 3 similar precedents; the nearest is "
        "[Fengtai interchange](#case-1), where no further car got stuck once the underpass was closed.\n\n"
        "1. Close the underpass both ways now (worked 5 of 7 times).\n2. Fire service moves people out.\n"
        "3. Pump it dry today.\n\nIs anyone inside the cars? Is the water still rising?"
    ),
}


def _verdict(text: str) -> Verdict:
    label = Label.NEW if text.startswith("新情况") else Label.SAME if text.startswith("同一") else Label.SIMILAR
    rest = dict.fromkeys(Label, 0.05)
    return Verdict(label=label, probability=0.86, probabilities={**rest, label: 0.86})


def situation_of(text: str, language: str) -> Situation:
    """What a reader would understand of the example question."""
    return Situation(
        text=text,
        language="en" if language == "en" else "zh",
        category=Reading(value="flood.underpass", confidence=0.92, words=("桥下积水",)),
        district=Reading(value="wangjiang", confidence=0.9, words=("望江区",)),
        place=Reading(value="wangjiang.fengtai_interchange", confidence=0.95, words=("凤台立交桥",)),
        occurred_at=Reading(value="2026-07-12T16:10:00+08:00", confidence=0.6, words=("刚才",)),
        severity=SeverityReading(level=3, reasons=("两辆车被困", "积水约半米，可能没过车门"), danger_to_life=True),
        quantities=(
            Quantity(what="depth_cm", value=50, words="约半米"),
            Quantity(what="vehicles", value=2, words="两辆车"),
        ),
        missing=("people", "cause"),
    )


def recommendation(text: str, *, language: str = "zh", number: int = 1, hostile: bool = False) -> Recommendation:
    """The answer to any question; `hostile` puts HTML and script into every text that comes from outside."""
    matches = tuple(match_of(case_id, language) for case_id in SCORES)
    if text.startswith("新情况"):
        matches = ()
    answer = f"{ANSWER[language]}\n\n{HOSTILE}" if hostile else ANSWER[language]
    return Recommendation(
        interaction_id=f"i-{number}",
        asked_at=NOW,
        situation=situation_of(text, language),
        verdict=_verdict(text),
        matches=matches,
        actions=ACTIONS if matches else (),
        cautions=(
            Caution(
                text="只派人值守、不封路，车辆仍会驶入。",
                action_type="deploy_staff",
                evidence=Evidence(case_id=3, quote="夜间看不清，车辆仍然驶入"),
            ),
        )
        if matches
        else (),
        contrast=Contrast(
            success_case_id=1,
            failure_case_id=3,
            only_in_success=("traffic_control", "pump_drain"),
            only_in_failure=("deploy_staff",),
        )
        if matches
        else None,
        unknowns=(
            Unknown(
                key="people", question="车里还有没有人？" if language == "zh" else "Is anyone still inside the cars?"
            ),
        ),
        propensities=(1.0,) * (len(ACTIONS) if matches else 0),
        answer_markdown=answer,
        language="en" if language == "en" else "zh",
        models={"composer": "templates"},
        ms=41.5,
    )


@dataclass(frozen=True)
class FakeHead:
    """One line of the list of conversations."""

    conversation_id: str
    title: str
    started_at: datetime
    turns: int


@dataclass
class FakeDesk:
    """The assistant of the tests."""

    said: dict[str, tuple[str, list[Turn]]] = field(default_factory=dict)  # conversation: owner, turns
    kept: dict[str, list[Reaction]] = field(default_factory=dict)
    effects: dict[str, list[Effect]] = field(default_factory=dict)
    asked: dict[str, Recommendation] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.taxonomy, self.gazetteer = read_taxonomy(), read_places()
        self.city = {"zh": "云州市", "en": "Yunzhou"}
        self.wanted: list[Wanted | None] = []

    def ask(
        self,
        text: str,
        *,
        language: str | None = None,
        wanted: Wanted | None = None,
        top: int = 8,
        actor: str = "anonymous",
    ) -> Recommendation:
        if not text.strip():
            raise BadInput("the question is empty; describe what happened")
        if text.startswith("太难"):
            raise BadInput("这句话里没有情况；请说明发生了什么、在哪里。")
        if text.startswith("故障"):
            raise RuntimeError("disk on fire")
        if text.startswith("慢"):
            time.sleep(2)
        with self.lock:
            self.wanted.append(wanted)
            answer = recommendation(
                text, language=language or "zh", number=len(self.asked) + 1, hostile="<script" in text
            )
            answer = answer.model_copy(update={"matches": answer.matches[:top]})
            self.asked[answer.interaction_id] = answer
        return answer

    def match(
        self, text: str, *, language: str | None = None, wanted: Wanted | None = None, top: int = 10
    ) -> tuple[Situation, Verdict, tuple[Match, ...]]:
        answer = self.ask(text, language=language, wanted=wanted, top=top)
        return answer.situation, answer.verdict, answer.matches

    def turn(
        self, text: str, *, owner: str, conversation_id: str | None = None, language: str | None = None,
        department: str | None = None,
    ) -> Turn:  # fmt: skip
        if conversation_id is not None:
            self.conversation(conversation_id, owner)
        answer = self.ask(text, language=language)
        with self.lock:
            name = conversation_id or f"c-{len(self.said) + 1}"
            _, turns = self.said.setdefault(name, (owner, []))
            turn = Turn(
                turn_id=f"{name}-{len(turns) + 1}",
                conversation_id=name,
                number=len(turns) + 1,
                said=text,
                intent="ask",
                answer_markdown=answer.answer_markdown,
                recommendation=answer,
                compared=(match_of(1), match_of(3)) if text.startswith("对比") else None,
                filters=("望江区", "近两年") if text.startswith("只看") else (),
            )
            turns.append(turn)
        return turn

    def conversations(self, owner: str, limit: int = 50) -> list[FakeHead]:
        mine = [
            FakeHead(name, turns[0].said[:40], NOW, len(turns))
            for name, (who, turns) in self.said.items()
            if who == owner
        ]
        return mine[::-1][:limit]

    def conversation(self, conversation_id: str, owner: str) -> list[Turn]:
        who, turns = self.said.get(conversation_id, ("", []))
        if not turns or who != owner:
            raise NotFound("there is no such conversation of yours; start a new one")
        return list(turns)

    def react(self, reaction: Reaction) -> bool:
        answer = self.asked.get(reaction.interaction_id)
        if answer is None:
            raise NotFound("that answer is not known; ask the question again")
        if reaction.action is not None and reaction.action >= len(answer.actions):
            raise NotFound(f"the answer has no action {reaction.action}; reload the page")
        with self.lock:
            known = self.kept.setdefault(reaction.interaction_id, [])
            if any(one.client_id == reaction.client_id for one in known):
                return False
            known.append(reaction)
        return True

    def reactions(self, interaction_id: str) -> list[Reaction]:
        return list(self.kept.get(interaction_id, []))

    def effect(self, effect: Effect) -> bool:
        answer = self.asked.get(effect.interaction_id)
        if answer is None or effect.slot >= len(answer.actions):
            raise NotFound(f"there is no action {effect.slot} in that answer; ask the question again")
        with self.lock:
            known = self.effects.setdefault(effect.interaction_id, [])
            if any(one.client_id == effect.client_id for one in known):
                return False
            known.append(effect)
            return True

    def recommendation(self, interaction_id: str) -> Recommendation:
        if interaction_id not in self.asked:
            raise NotFound("that answer is not known; ask the question again")
        return self.asked[interaction_id]

    def open_case(self, case_id: int, language: str) -> Match | None:
        return match_of(case_id, language, score=0.0) if case_id in CASES else None

    def stats(self) -> dict[str, int]:
        return {"cases": len(CASES), "change": 17, "interactions": len(self.asked)}

    def examples(self, language: str) -> list[str]:
        if language == "zh":
            return [
                "凤台立交桥下积水约半米，两辆车被困",
                "小区电梯一周坏了三次，老人下不了楼",
                "工人围在项目部门口讨薪，约四十人",
            ]
        return ["Half a metre of water under Fengtai interchange, two cars stuck", "Forty workers want their wages"]
