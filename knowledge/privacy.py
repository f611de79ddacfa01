"""Personal data in a text, found by rules and masked: numbers, names, flats, dates of birth, in Chinese and English.

Masked is what tells one person from others: of an address the unit and the flat, but not the street or the building,
which say where the city has to go; of 张先生 the surname, but not the title. Never masked are hotlines, amounts, dates
of events and places of the gazetteer. Rules miss what no context shows (a name alone), and a recogniser's mistakes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.personnames import person_names
from knowledge.places import Gazetteer
from knowledge.privatenumbers import Span, private_numbers
from knowledge.text import language_of

__all__ = ["KIND_NAMES", "Personal", "find_personal", "mask", "mask_all"]

KIND_NAMES = {
    "zh": {"phone": "电话", "id": "证件号", "bank": "银行卡号", "plate": "车牌", "email": "邮箱", "account": "账号",
           "name": "姓名", "flat": "门牌", "birth": "出生日期"},
    "en": {"phone": "phone", "id": "ID number", "bank": "bank card", "plate": "plate", "email": "e-mail",
           "account": "account", "name": "name", "flat": "flat", "birth": "date of birth"},
}  # fmt: skip
_ORDER = {kind: place for place, kind in enumerate(("id", "bank", "email", "plate", "phone", "account", "birth"))}
_N = r"[0-9零〇一二三四五六七八九十百]"
_ROOM = r"(?:[0-9]{3,4}|[零〇一二三四五六七八九幺]{3,4})"
_PUBLIC = re.compile(r"(?:大厅|办公楼|政府|中心|办事处|教学楼|法院|派出所|[局院所校])[^，。！？\n]{0,6}$")
_FLATS = (
    re.compile(rf"(?<=[栋幢座楼号])(?:楼)?(?P<it>{_N}{{1,3}}单元(?:{_N}{{1,2}}[层楼])?(?:{_ROOM}(?:[室房]|号房?)?)?)"),
    re.compile(rf"(?<![{_N[1:-1]}])(?P<it>{_N}{{1,3}}单元{_ROOM}(?:[室房]|号房?)?)"),
    re.compile(rf"(?<=[栋幢座楼])(?P<it>{_ROOM})(?:[室房]|号房?)?(?![{_N[1:-1]}年米元块人户平个多吨路街厘.度])"),
    re.compile(rf"(?<![{_N[1:-1]}-])(?P<it>{_ROOM}(?:室|房(?!间|产|屋|价)|号房))"),
    re.compile(
        r"(?:住(?:在|的是|址是?)?|家在|家是)(?:[^，。！？\n0-9]{0,8}?)(?P<it>[0-9]{3,4})"
        r"(?![0-9年米元块人户平个多天路街厘.:：点岁国省弄号])"
    ),
    re.compile(r"(?<![0-9-])[0-9]{1,3}(?P<it>-[1-9]-[0-9]{3,4})(?![0-9-])"),
    re.compile(r"(?:住|家在|住址|地址)[^，。！？\n]{0,16}?(?P<it>[0-9]{1,4}号)(?![楼线院门口店厂坑桥码桌台杆机0-9栋])"),
    re.compile(
        r"\b(?P<it>(?:flat|apartment|apt|room|unit)\.?(?: number| no\.?)? ?"
        r"(?=[0-9A-Z-]{0,4}[0-9])[0-9A-Z]{1,5}(?:-[0-9]{1,4})?)\b",
        re.IGNORECASE,
    ),
)
_DAY = (
    rf"(?:[0-9]{{4}}|[零〇一二三四五六七八九]{{4}}|[0-9]{{2}}) ?年 ?{_N}{{1,2}} ?月 ?{_N}{{1,3}} ?[日号]?|"
    r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}"
)
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_EN_DAY = rf"(?:[0-9]{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{_MONTHS}),? [0-9]{{4}}|(?:{_MONTHS}) [0-9]{{1,2}}(?:st|nd|rd|th)?,? [0-9]{{4}})"  # noqa: E501
_BIRTHS = (
    re.compile(rf"(?:出生(?:日期|年月日?)?|生日|生于|出生于)(?:是|在|为|：|:|于)?\s?(?P<it>{_DAY})"),
    re.compile(rf"(?P<it>{_DAY})(?=\s?(?:出生|生的|生人|生，))"),
    re.compile(rf"\b(?:born(?: on)?|birthday(?: is)?|date of birth(?: is|:)?) (?P<it>{_EN_DAY}|{_DAY})", re.IGNORECASE),
)


@dataclass(frozen=True)
class Personal:
    """Something personal: characters `start` to `end` of the text, and its kind, a key of KIND_NAMES."""

    start: int
    end: int
    kind: str


def find_personal(text: str, *, gazetteer: Gazetteer | None = None) -> tuple[Personal, ...]:
    """All personal data in the order of the text, none overlapping: where two do, the longer one stands.

    >>> [(p.kind, "我姓陈，电话13800001234"[p.start : p.end]) for p in find_personal("我姓陈，电话13800001234")]
    [('name', '陈'), ('phone', '13800001234')]
    """
    spans = [*private_numbers(text), *_flats(text), *_births(text), *person_names(text, gazetteer)]
    taken: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start - s.end, _ORDER.get(s.kind, 9), s.start)):
        if all(span.end <= other.start or other.end <= span.start for other in taken):
            taken.append(span)
    return tuple(Personal(*span) for span in sorted(taken))


def mask(text: str, *, language: str | None = None, gazetteer: Gazetteer | None = None) -> str:
    """The text with the kind in place of each finding, in the given language (the text's own by default). What is
    masked has no further findings, so that masking it again changes nothing.

    >>> mask("我姓陈，电话13800001234，不是110")
    '我姓［姓名］，电话［电话］，不是110'
    >>> mask("My name is Daniel Whitlow, room 301")
    'My name is [name], [flat]'
    """
    spoken = language or language_of(text)
    while found := find_personal(text, gazetteer=gazetteer):
        text = _replaced(text, found, spoken)
    return text


def mask_all(
    texts: Sequence[str], *, language: str | None = None, gazetteer: Gazetteer | None = None
) -> tuple[str, ...]:
    """Texts that follow one another, such as the segments of a call, each masked: a question in one may tell what the
    answer in the next is, and a full name told once is masked wherever it stands."""
    lines = [text.replace("\n", " ") for text in texts]
    whole = "\n".join(lines)
    found = find_personal(whole, gazetteer=gazetteer)
    names = {whole[p.start : p.end] for p in found if p.kind == "name"}
    names = {name for name in names if len(name) >= (3 if name.isascii() else 2)}
    spoken = language or language_of(whole)
    if names:
        again = re.compile("|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)))
        others = [Personal(*match.span(), "name") for match in again.finditer(whole)]
        found += tuple(o for o in others if all(o.end <= p.start or p.end <= o.start for p in found))
    masked = _replaced(whole, sorted(found, key=lambda p: p.start), spoken).split("\n") if texts else []
    return tuple(mask(line, language=spoken, gazetteer=gazetteer) for line in masked)


def _replaced(text: str, found: Sequence[Personal], language: str) -> str:
    names = KIND_NAMES["zh" if language != "en" else "en"]
    parts, end = [], 0
    for personal in found:
        name = names[personal.kind]
        parts += [text[end : personal.start], f"[{name}]" if language == "en" else f"［{name}］"]
        end = personal.end
    return "".join([*parts, text[end:]])


def _flats(text: str) -> Iterator[Span]:
    for pattern in _FLATS:
        for match in pattern.finditer(text):
            if not _PUBLIC.search(text[max(0, match.start("it") - 12) : match.start("it")]):
                yield Span(*match.span("it"), "flat")


def _births(text: str) -> Iterator[Span]:
    for pattern in _BIRTHS:
        for match in pattern.finditer(text):
            yield Span(*match.span("it"), "birth")
