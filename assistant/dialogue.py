"""The conversation without a language model: rules that tell a follow-up from a new situation.

It plans one turn from what was said and the turns before; it searches nothing. What it does not understand it says,
with what it can do.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from assistant.answer import Match, Recommendation, Turn
from assistant.narrow import Narrower
from assistant.quantity import chinese_number
from assistant.retell import Retelling
from assistant.situation import Understanding
from knowledge.filter import Wanted
from knowledge.text import language_of
from prompts import Phrases

__all__ = ["Dialogue", "Plan"]

Intent = Literal["ask", "narrow", "open", "compare", "why", "failed", "restart", "unclear"]
_N = r"(\d+|[一二两三四五六七八九十])"
_EN_ORDER = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "one": 1, "two": 2, "three": 3, "four": 4,
             "five": 5, "last": -1}  # fmt: skip
_EN_N = r"(\d+|first|second|third|fourth|fifth|one|two|three|four|five|last)"
_RESTART = re.compile(
    r"^(?:请)?(?:重新开始|从头(?:再)?来|新的?问题|清空|换一个问题|start over|new question|reset|begin again)[。.！!]*$",
    re.I,
)
# A follow-up is recognised by its whole shape, never by a word within: "积水比较严重，两辆车被困，三人受伤" and
# "Why is the water brown?" tell of situations.
_PLEASE = r"^(?:请|请你|帮我|麻烦|我想|再|那就?)?"
_EN_PLEASE = r"^(?:please |can you |could you |i want to |let me )?"
_ITEM = rf"(?:第|案例)?\s*{_N}\s*(?:个|条|件|例|号)?\s*(?:案例|先例|个案)?"
_COMPARE = re.compile(
    rf"{_PLEASE}(?:比较|对比|对照|比)(?:一下|一比|下)?\s*{_ITEM}\s*(?:和|与|跟|同|、|,|，)\s*{_ITEM}|"
    rf"{_PLEASE}把?{_ITEM}\s*(?:和|与|跟|同|、|,|，)\s*{_ITEM}.{{0,4}}(?:比较|对比|对照|比一?下|比一比)|"
    rf"{_EN_PLEASE}compare\b.*?\b{_EN_N}\b.*?\b{_EN_N}\b",
    re.I,
)
_FIRST_TWO = re.compile(r"(?:前|头)(?:两|2|二)(?:个|条|件|例)|(?:first|top) two|these two|这两个", re.I)
_OPEN = re.compile(
    rf"{_PLEASE}(?:打开|展开|看看|看一下|查看|看|详细说说|详细看看|说说)?\s*第\s*{_N}\s*(?:个|条|件|例)?(?:案例|先例|个案)|"
    rf"{_PLEASE}(?:打开|展开|看看|看一下|查看|详细说说|详细看看|说说)\s*第\s*{_N}|"
    rf"{_PLEASE}(?:打开|展开|查看|看看|看一下)\s*{_N}\s*(?:号|个|件|例)?(?:案例|先例|个案)?[吧。.!！？?]*$|"
    rf"{_EN_PLEASE}(?:open|show|view|see)\b(?:\s+me)?(?:\s+the)?(?:\s+(?:case|precedent))?\s*(?:no\.?\s*|number\s*)?"
    rf"{_EN_N}(?:\s+(?:case|one|precedent))?\W*$",
    re.I,
)
_WHY = re.compile(
    rf"为什么[^，。？?]{{0,6}}(?:第\s*{_N}\s*(?:条|个|项)?|这(?:一)?条|这个措施|这样(?:排|推荐|建议)|排在|排第)|"
    rf"^为什么(?:呢|推荐|建议)?[？?。]*$|"
    rf"^why[\s?!.]*$|\bwhy\b.*?\b(?:action|number|no\.?|step|measure)\s*{_EN_N}|"
    rf"^why\b.*?\b{_EN_N}\s+(?:action|one|measure|step)\b|"
    r"^why\b.*?\b(?:recommend\w*|suggest\w*|(?:this|that) (?:one|action|measure|order))\b",
    re.I,
)
_BAD = r"(?:没用|失败|不管用|没有?效|没见效|不行|不起作用)"
_FAILED = re.compile(
    rf"(?:哪些|什么(?!都|也)|有没有)[^，。]{{0,10}}(?:{_BAD}|教训|走过.{{0,3}}弯路)|"
    rf"(?:以前|之前|当时|过去)[^，。]{{0,8}}(?:教训|弯路|{_BAD}的(?:做法|措施|办法|方法|经验))|"
    r"what.{0,12}(?:failed|did not work|didn't work|went wrong)|failed before",
    re.I,
)
_SMALL_TALK = re.compile(
    r"^(?:你好|您好|谢谢|多谢|好的?|嗯+|哦+|在吗|"
    r"hello|hi|hey|thanks|thank you|ok|okay|bye|再见|你是谁|who are you)[\s!！。.?？~,，]*$",
    re.I,
)


@dataclass(frozen=True)
class Plan:
    """What a turn will do. Where `question` is set it is asked with `wanted`; otherwise `recommendation` stays in
    force. `answer_markdown` is said first."""

    intent: Intent
    answer_markdown: str
    question: str | None = None
    wanted: Wanted = field(default_factory=Wanted)
    language: str = "zh"
    recommendation: Recommendation | None = None
    opened: Match | None = None
    compared: tuple[Match, Match] | None = None
    filters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dialogue:
    """Plans turns by rules, in Chinese and English."""

    understanding: Understanding
    narrower: Narrower
    retelling: Retelling
    phrases: Phrases

    def __call__(self, said: str, before: Sequence[Turn], *, language: str | None, now: datetime) -> Plan:
        """The plan for what was said after the turns `before`; `now` is aware."""
        spoken = language or language_of(said)
        say = self.phrases.speaker(spoken)
        last = before[-1] if before else None
        current = last.recommendation if last else None
        wanted = last.wanted if last and last.recommendation else Wanted()
        filters = self.narrower.words(wanted, spoken)
        keep = {"recommendation": current, "wanted": wanted, "filters": filters, "language": spoken}
        if _RESTART.search(said):
            return Plan("restart", say("dialogue_restart"), language=spoken)
        if _SMALL_TALK.search(said):
            return Plan("unclear", say("dialogue_help"), **keep)  # type: ignore[arg-type]
        follow = self._follow(said, spoken)
        if follow and current is None:
            return Plan("unclear", say("dialogue_nothing"), language=spoken)
        if follow and current is not None:
            intent, numbers = follow
            return self._on(current, intent, numbers, Plan("unclear", "", **keep), spoken)  # type: ignore[arg-type]
        if self.narrower.is_request(said):
            return self._narrow(said, current, wanted, spoken, now)
        if current is not None and self._adds(said, now):
            question = f"{current.situation.text}\n{said}"
            return Plan("ask", say("dialogue_merged"), question, wanted, spoken, filters=filters)
        if not self._is_situation(said):
            return Plan("unclear", say("dialogue_help"), **keep)  # type: ignore[arg-type]
        return Plan("ask", "", said, language=spoken)

    def _follow(self, said: str, spoken: str) -> tuple[Intent, list[int]] | None:
        """Which follow-up it is, with its numbers (-1 is the last); None for none. Long texts are situations."""
        if len(said) > (60 if spoken == "zh" else 120):
            return None
        rules: tuple[tuple[Intent, re.Pattern[str]], ...] = (
            ("compare", _COMPARE),
            ("failed", _FAILED),
            ("why", _WHY),
            ("open", _OPEN),
        )
        counted = _FIRST_TWO.sub(" 1, 2 ", said)
        for intent, pattern in rules:
            if match := pattern.search(counted):
                return intent, [_number(group) for group in match.groups() if group]
        return None

    def _on(self, current: Recommendation, intent: Intent, numbers: list[int], plan: Plan, spoken: str) -> Plan:
        say = self.phrases.speaker(spoken)
        if intent == "failed":
            return replace(plan, intent="failed", answer_markdown=self.retelling.failed(current, spoken))
        if intent == "why":
            count = len(current.actions)
            n = numbers[0] if numbers else 1
            n = count if n == -1 else n
            if not 1 <= n <= count:
                return replace(plan, answer_markdown=say("dialogue_no_action", n=n, count=count))
            return replace(plan, intent="why", answer_markdown=self.retelling.why(current, n, spoken))
        count = len(current.matches)
        chosen = [count if n == -1 else n for n in numbers]
        wrong = next((n for n in chosen if not 1 <= n <= count), None)
        if wrong is not None:
            return replace(plan, answer_markdown=say("dialogue_no_such", n=wrong, count=count))
        found = [current.matches[n - 1] for n in chosen]
        if intent == "compare":
            text = self.retelling.compare(found[0], found[1], spoken)
            return replace(plan, intent="compare", answer_markdown=text, compared=(found[0], found[1]))
        return replace(plan, intent="open", answer_markdown=self.retelling.open(found[0], spoken), opened=found[0])

    def _narrow(self, said: str, current: Recommendation | None, wanted: Wanted, spoken: str, now: datetime) -> Plan:
        say = self.phrases.speaker(spoken)
        if current is None:
            return Plan("unclear", say("dialogue_nothing"), language=spoken)
        question = current.situation.text
        if self.narrower.is_widening(said):
            return Plan("narrow", say("dialogue_widened"), question, Wanted(), spoken)
        narrowed = self.narrower(said, wanted, now)
        if narrowed == wanted:
            unclear = say("dialogue_filter_unclear")
            words = self.narrower.words(wanted, spoken)
            return Plan("unclear", unclear, None, wanted, spoken, recommendation=current, filters=words)
        words = self.narrower.words(narrowed, spoken)
        answer = say("dialogue_narrowed", filters=say("comma").join(words))
        return Plan("narrow", answer, question, narrowed, spoken, filters=words)

    def _adds(self, said: str, now: datetime) -> bool:
        """Whether a short text only adds facts (a number, a place, a time, a danger) to the situation before."""
        situation = self.understanding(said, now)
        facts = situation.quantities or situation.place or situation.district or situation.occurred_at
        return len(said) <= 30 and situation.category is None and bool(facts or situation.severity.danger_to_life)

    def _is_situation(self, said: str) -> bool:
        return len(said) >= 4


def _number(words: str) -> int:
    folded = words.lower()
    return _EN_ORDER[folded] if folded in _EN_ORDER else int(chinese_number(folded))
