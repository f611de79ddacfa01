"""An official reply in free text, taken apart into what was done, by whom, when, and how the matter ended.

It goes by wording alone, listed in data/mappings/reply.toml: what a reply leaves out it does not know, and a deed told
without one of the listed verbs is passed over.
"""

import itertools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from knowledge.case import Action, ActionResult, Outcome
from knowledge.mapping import CITY_TIME
from knowledge.taxonomy import Taxonomy
from knowledge.text import clean, language_of, sentences

__all__ = ["read_reply", "read_resolved"]

WORDING = Path(__file__).parent / "data/mappings/reply.toml"
MAX_ACTIONS = 8
MAX_REPLY = 20_000  # characters
MAX_TEXT = 4_000  # characters of an action or a note
MAX_SPAN = 160  # characters after which no further clause without a deed of its own is taken into an action
MAX_PREFACE = 16  # characters of a clause before the deed ("9月14日，") that are taken into the action
MAX_LOOKING = 2  # inspections told in one reply; the findings themselves stay in the summary

_CLAUSE = re.compile(r"(?:[（(][^（(）)]{0,200}[）)]|[^，,：:]|(?<=\d)[,:](?=\d))+[，,：:]*")
_GAP = re.compile(
    r"(?<=[\u4e00-\u9fff”’）)！。？；：:\d]) (?=[\u4e00-\u9fff（(“\d])|(?=[（(][一二三四五六七八九十][）)])"
)
_DATE = re.compile(
    r"(?:((?:19|20)\d{2})\s*年\s*)?(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]|((?:19|20)\d{2})-(\d{1,2})-(\d{1,2})"
)
_YEAR = re.compile(r"((?:19|20)\d{2})\s*年")
_OURS = re.compile(r"[我本该贵]$")
_OBJECT = re.compile(r"(?:[对向给为在由至到让]|关于|位于|属于)[^，,]{0,3}$")
_BARE = frozenset({"绿化", "消防", "医院", "环卫", "民政", "公安", "社区", "街道", "疾控"})
_OFFICE = re.compile(
    r"\s*(?:部门|局|处|所|站|中心|大队|支队|公司|办|委|工作人员|人员|干部|(?:已|迅速|立即|组织|安排|联合|对|将|和|、))"
)
_TAIL = " ，,；;：:、"


@dataclass(frozen=True)
class _Deed:
    """A stretch of the reply that tells one action; `at` is where its verb begins."""

    start: int
    end: int
    at: int
    action_type: str
    weight: float
    promised: bool


@dataclass(frozen=True)
class _Reader:
    """The wording as compiled patterns, for one taxonomy."""

    signs: tuple[tuple[str, float, re.Pattern[str]], ...]
    departments: dict[str, str]
    department: re.Pattern[str]
    wording: dict[str, re.Pattern[str]]

    def says(self, manner: str, text: str) -> bool:
        return self.wording[manner].search(text) is not None

    def deeds(self, text: str, start: int, end: int) -> Iterator[_Deed]:
        """The deeds of one sentence: neighbouring clauses of one type and manner make one deed."""
        current: _Deed | None = None
        preface, promised_on, advice = None, False, False
        masked = self.wording["reported"].sub(lambda m: "＿" * len(m.group()), text[start:end])
        for clause in _CLAUSE.finditer(masked):
            words = clause.group()
            promised_on, advice = promised_on or self.says("promised_on", words), advice or self.says("advice", words)
            found = None if advice else self._deed(words, start + clause.start(), promised_on=promised_on)
            if self.says("formula", text[start + clause.start() : start + clause.end()]):
                found, preface = None, None
            elif found is None and current is not None:
                if len(words) <= MAX_PREFACE and _DATE.match(words):
                    yield current
                    current, preface = None, start + clause.start()
                elif current.end - current.start < MAX_SPAN:
                    current = replace(current, end=start + clause.end())
            elif found is None:
                preface = start + clause.start() if len(words) <= MAX_PREFACE else None
            if found is not None:
                joined = current and _join(current, found)
                if current and not joined:
                    yield current
                first = preface if current is None and preface is not None else found.start
                current = joined or replace(found, start=first)
                preface = None
        if current:
            yield current

    def _deed(self, words: str, offset: int, *, promised_on: bool) -> _Deed | None:
        best: tuple[float, int, str] | None = None
        for action_type, weight, pattern in self.signs:
            if best and weight <= best[0]:
                break
            for match in pattern.finditer(words):
                if not self.says("not_done", words[: match.start()]):
                    best = (weight, match.end() if match.group()[0] == "经" else match.start(), action_type)
                    break
        if best is None:
            return None
        weight, at, action_type = best
        promised = promised_on or self.says("promised", self.wording["taken"].sub("已", words))
        if not promised and weight < 3 and not self.says("done", words) and not self.department.search(words[:at]):
            return None
        return _Deed(offset, offset + len(words), offset + at, action_type, weight, promised)

    def actor(self, text: str) -> str | None:
        """The department that a passage before a verb names as acting; None also for 我局, which names none."""
        for match in self.department.finditer(text):
            before, after, word = text[: match.start()], text[match.end() :], match.group()
            if _OURS.search(before):
                return None
            if not _OBJECT.search(before) and (word not in _BARE or not after or _OFFICE.match(after)):
                return self.departments[word]
        return None


def _join(current: _Deed, found: _Deed) -> _Deed | None:
    """One deed of two clauses that belong together: a bare 经核实 with what follows, or more of the same."""
    if current.promised == found.promised and current.action_type == found.action_type:
        return replace(current, end=found.end)
    if current.action_type == "inspect" and current.end - current.start <= 16 and not found.promised:
        return replace(found, start=current.start)
    return None


@lru_cache(maxsize=4)
def _reader(taxonomy: Taxonomy) -> _Reader:
    found = tomllib.loads(WORDING.read_text(encoding="utf-8"))
    known = taxonomy.action_type_by_id
    signs = [(name, float(sign[0]), re.compile("|".join(sign[1:]))) for name, sign in found["signs"].items()]
    for action_type in taxonomy.action_types:
        signs += [
            (action_type.id, float(len(cue)), re.compile(re.escape(cue)))
            for cue in action_type.cues_zh
            if cue not in found["weak"]
        ]
        english = [rf"\b{re.escape(cue)}(?:ed|d|s|ing)?\b" for cue in action_type.cues_en]
        signs += [(action_type.id, 3.0, re.compile("|".join(english), re.I))] if english else []
    departments = {word: name for name, words in found["departments"].items() for word in words}
    departments |= {word: department.id for department in taxonomy.departments for word in department.words()}
    departments = {word: name for word, name in departments.items() if name in taxonomy.department_by_id}
    ordered = sorted(departments, key=len, reverse=True)
    return _Reader(
        tuple(sorted((sign for sign in signs if sign[0] in known), key=lambda sign: -sign[1])),
        departments,
        re.compile("|".join(re.escape(word) for word in ordered) or "(?!)"),
        {name: re.compile("|".join(patterns)) for name, patterns in found["wording"].items()},
    )


def read_reply(
    text: str, taxonomy: Taxonomy, closed_at: datetime | None, occurred_at: datetime | None
) -> tuple[tuple[Action, ...], Outcome | None]:
    """The actions in their order (8 at most, done before promised; promises have the note 承诺 or promised), and the
    outcome with the whole cleaned reply as summary. Empty text gives neither; ValueError above 20,000 characters.
    """
    reply = clean(text)
    if not reply:
        return (), None
    if len(reply) > MAX_REPLY:
        raise ValueError(f"longer than {MAX_REPLY:,} characters")
    reader = _reader(taxonomy)
    actions: list[tuple[float, Action]] = []
    rest: list[str] = []
    oldest = min(moment.year for moment in (closed_at, occurred_at) if moment) - 1 if closed_at or occurred_at else 0
    for start, end in _parts(reply, reader):
        found = [deed for deed in reader.deeds(reply, start, end) if not _is_past(reply[deed.start : deed.at], oldest)]
        actions += [(deed.weight - 5 * deed.promised, _action(reply, start, deed, reader, closed_at)) for deed in found]
        if not found:
            rest.append(reply[start:end].strip())
            actions = _with_result(actions, rest[-1], reader)
    actions += [(1.0, action) for action in _explanations(rest, reader, alone=not actions)]
    days = (closed_at - occurred_at).total_seconds() / 86_400 if closed_at and occurred_at else None
    days = round(days, 2) if days is not None and 0 <= days <= 36_500 else None
    return _chosen(actions, reply), Outcome(resolved=_resolved(reply, reader), days=days, summary=reply)


def read_resolved(text: str, taxonomy: Taxonomy) -> bool | None:
    """Whether a text states that the matter is solved (True), that it can't be (False), or neither or both (None)."""
    return _resolved(clean(text), _reader(taxonomy))


def _resolved(reply: str, reader: _Reader) -> bool | None:
    clauses = [
        reader.wording["ordered"].sub("", clause)
        for sentence in sentences(reply)
        if not reader.says("promised_on", sentence) and "否则" not in sentence
        for clause in _CLAUSE.findall(reader.wording["reported"].sub("", sentence))
        if not reader.says("promised", clause)
    ]
    ended = any(reader.says("ended", clause) for clause in clauses)
    refused = any(reader.says("refused", clause) for clause in clauses)
    return None if ended == refused else ended


def _parts(reply: str, reader: _Reader) -> Iterator[tuple[int, int]]:
    """Beginning and end of the sentences and paragraphs that say something; salutations and thanks are left out."""
    position = 0
    for sentence in sentences(reply):
        start = reply.index(sentence, position)
        position = start + len(sentence)
        spans = [(start + lead.start(), start + lead.end()) for lead in reader.wording["lead_in"].finditer(sentence)]
        leads = {span[0] for span in spans}
        cuts = {start, position, *itertools.chain(*spans), *(start + gap.start() for gap in _GAP.finditer(sentence))}
        for begin, end in itertools.pairwise(sorted(cuts)):
            numeral = reader.wording["numeral"].match(reply[begin:end])
            words = reply[begin:end].strip(_TAIL)
            if begin not in leads and len(words) > 5 and not reader.says("formula", words):
                yield begin + (numeral.end() if numeral else 0), end


def _action(reply: str, start: int, deed: _Deed, reader: _Reader, closed_at: datetime | None) -> Action:
    words = reply[deed.start : deed.end].strip(_TAIL)[:MAX_TEXT]
    promise = "承诺" if language_of(words) == "zh" else "promised"
    return Action(
        text=words,
        action_type=deed.action_type,
        department=reader.actor(reply[deed.start : deed.at]),
        taken_at=None if deed.promised else _date(reply[start : deed.at], words, closed_at),
        result=ActionResult.UNKNOWN if deed.promised else _result(words, reader),
        note=promise if deed.promised else None,
    )


def _is_past(before_verb: str, oldest: int) -> bool:
    """Whether a passage is dated before the year in which a measure on this matter can have been taken."""
    years = [int(year) for year in _YEAR.findall(before_verb)]
    return bool(years) and max(years) < oldest


def _result(words: str, reader: _Reader) -> ActionResult:
    words = reader.wording["ordered"].sub("", words)
    if reader.says("failed", words):
        return ActionResult.FAILED
    return ActionResult.WORKED if reader.says("solved", words) else ActionResult.UNKNOWN


def _with_result(actions: list[tuple[float, Action]], words: str, reader: _Reader) -> list[tuple[float, Action]]:
    """A sentence that only tells how it ended belongs to the deed told just before it."""
    if not actions or actions[-1][1].note or actions[-1][1].result is not ActionResult.UNKNOWN:
        return actions
    result = _result(words, reader)
    told = reader.says("failed" if result is ActionResult.FAILED else "ended", words)
    if result is ActionResult.UNKNOWN or not told or reader.says("promised", words):
        return actions
    last = actions[-1][1].model_copy(update={"result": result, "note": words[:MAX_TEXT]})
    return [*actions[:-1], (actions[-1][0], last)]


def _explanations(rest: list[str], reader: _Reader, *, alone: bool) -> list[Action]:
    """What explains rules or facts: two sentences of a reply that tells no deed, else one that names a rule."""
    rules = [words for words in rest if len(words) >= 15 and reader.says("policy", words)]
    refusals = [words for words in rest if reader.says("refused", words)]
    others = [words for words in rest if len(words) >= 8]
    chosen = list(dict.fromkeys(refusals[:1] + rules))[:2] or others[:1] if alone else rules[:1]
    return [Action(text=words.strip(_TAIL)[:MAX_TEXT], action_type="explain") for words in chosen]


def _chosen(actions: list[tuple[float, Action]], reply: str) -> tuple[Action, ...]:
    kept: list[Action] = []
    texts: set[str] = set()
    looked = 0
    for _, action in sorted(actions, key=lambda pair: -pair[0]):
        looked += action.action_type == "inspect"
        if action.text.rstrip("。") not in texts and (action.action_type != "inspect" or looked <= MAX_LOOKING):
            texts.add(action.text.rstrip("。"))
            kept.append(action)
    return tuple(sorted(kept[:MAX_ACTIONS], key=lambda action: reply.find(action.text)))


def _date(before: str, words: str, closed_at: datetime | None) -> datetime | None:
    """The last date before the verb, else the first one in the deed; a year left out is that of the reply or the one
    before. None for dates that do not exist or lie after the reply.
    """
    found = list(_DATE.finditer(before)) or list(_DATE.finditer(words))[:1]
    if not found:
        return None
    year, month, day = (found[-1].group(i) or found[-1].group(i + 3) for i in (1, 2, 3))
    latest = closed_at.astimezone(CITY_TIME) if closed_at else None
    if not year and not latest:
        return None
    try:
        moment = datetime(int(year or latest.year if latest else year), int(month), int(day), tzinfo=CITY_TIME)
        if latest and moment > latest and not year:
            moment = moment.replace(year=moment.year - 1)
    except ValueError:
        return None
    return None if latest and moment > latest else moment.astimezone(UTC)
