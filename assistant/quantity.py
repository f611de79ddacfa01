"""Numbers in a text: how many people, households, vehicles, how deep, how long. Only what is written is read."""

import re
from collections.abc import Mapping

from assistant.answer import Quantity

__all__ = ["chinese_number", "find_quantities"]

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_UNITS = {"十": 10, "百": 100, "千": 1_000, "万": 10_000}
_NUMBER = r"(?P<n>\d[\d,]*(?:\.\d+)?(?:万|千)?|[一二两俩三四五六七八九十百千万半][一二两三四五六七八九十百千万零]*)"
_MORE = r"(?:多|余|来|几)?(?:个|名|位|辆|台|部)?"
_EN_NUMBER = r"(?<!\bno )(?P<n>\d[\d,]*(?:\.\d+)?|a|an|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|hundreds of|dozens of|half a)"  # noqa: E501
_EN_TIMES = r"(?:[ \t]+(?P<times>dozen|hundred|thousand|million)\b)?"
_TIMES = {"dozen": 12, "hundred": 100, "thousand": 1_000, "million": 1_000_000}
_EN = {
    w: float(i)
    for i, w in enumerate(
        ["", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
    if w
} | {"a": 1.0, "an": 1.0, "twenty": 20.0, "thirty": 30.0, "forty": 40.0, "fifty": 50.0, "sixty": 60.0,
     "hundreds of": 200.0, "dozens of": 24.0, "half a": 0.5}  # fmt: skip

# (what, pattern around the number, factor). The first that reads a passage keeps it.
_RULES: tuple[tuple[str, str, float], ...] = (
    ("dead", rf"{_NUMBER}{_MORE}人?(?:死亡|遇难|身亡|死)|(?:死亡|遇难){_NUMBER.replace('<n>', '<n2>')}人", 1),
    (
        "injured",
        rf"{_NUMBER}{_MORE}人?(?:受伤|重伤|轻伤|送医|昏迷|伤)|(?:受伤|致){_NUMBER.replace('<n>', '<n2>')}人",
        1,
    ),
    (
        "trapped",
        rf"{_NUMBER}{_MORE}(?:人|居民|乘客|孩子|老人|工人)?(?:被困|困|被埋)|"
        rf"(?:被困|困住|困了?|被埋){_NUMBER.replace('<n>', '<n2>')}{_MORE}人",
        1,
    ),
    ("vehicles", rf"{_NUMBER}(?:多|余)?(?:辆|台|部)(?!电梯|泵|塔吊|设备|发电)", 1),
    ("households", rf"{_NUMBER}(?:多|余|来)?户", 1),
    (
        "people",
        rf"{_NUMBER}(?:多|余|来|几)?(?:个|名|位)?(?:人(?!民)|居民|群众|工人|学生|老人|孩子|乘客|员工|业主|商户|家长|游客|幼儿)",
        1,
    ),
    ("depth_cm", rf"(?:水深|积水|深|淹|水位|没过|涨)[^，。,；;]{{0,6}}?{_NUMBER}(?:多|余|来)?(?:厘米|公分|cm)", 1),
    (
        "depth_cm",
        rf"(?:水深|积水|深|淹|水位|没过|涨)[^，。,；;]{{0,6}}?{_NUMBER}(?:多|余|来)?(?:米(?:(?P<tail>[一二三四五六七八九半])(?![人户名个位辆台部十百千万]))?|m\b)",
        100,
    ),
    ("depth_cm", rf"{_NUMBER}(?:多|余|来)?(?:厘米|公分|cm)[^，。]{{0,3}}(?:深|水|积水)", 1),
    ("metres", rf"{_NUMBER}(?:多|余|来)?(?:米|m\b)(?!²)", 1),
    ("hours", rf"{_NUMBER}(?:多|余|来)?(?:个(?P<tail>半)?)?(?:小时|钟头)", 1),
    ("amount_yuan", rf"{_NUMBER}(?:多|余)?(?:万元|万块)", 10_000),
    ("amount_yuan", rf"{_NUMBER}(?:多|余)?(?:元|块钱)", 1),
    ("dead", rf"\b{_EN_NUMBER}\s+(?:people\s+|person\s+|workers\s+)?(?:dead|died|killed|deaths|fatalities)\b", 1),
    ("injured", rf"\b{_EN_NUMBER}\s+(?:\w+\s+)?(?:injured|hurt|taken to hospital)\b", 1),
    ("trapped", rf"\b{_EN_NUMBER}\s+(?:\w+\s+)?(?:trapped|stuck)\b", 1),
    ("households", rf"\b{_EN_NUMBER}\s+(?:households|families|homes|flats|apartments|units)\b", 1),
    ("vehicles", rf"\b{_EN_NUMBER}\s+(?:cars|vehicles|buses|trucks|taxis|car|vehicle|bus|truck)\b", 1),
    (
        "people",
        rf"\b{_EN_NUMBER}\s+(?:\w+\s+)?(?:people|residents|persons|students|pupils|workers|passengers|children|elderly)\b",
        1,
    ),
    ("depth_cm", rf"\b{_EN_NUMBER}\s*(?:cm|centimetres|centimeters)\b", 1),
    ("depth_cm", rf"\b{_EN_NUMBER}\s*(?:m|metre|meter|metres|meters)\s+(?:deep|of water)\b", 100),
    ("amount_yuan", rf"\b{_EN_NUMBER}\s*(?:yuan|rmb)\b", 1),
    ("metres", rf"\b{_EN_NUMBER}\s*(?:m|metres|meters)\b", 1),
    ("hours", rf"\b{_EN_NUMBER}\s*(?:hours|hour|hrs)\b", 1),
)
_COMPILED = tuple(
    (what, re.compile(pattern.replace(_EN_NUMBER, _EN_NUMBER + _EN_TIMES), re.IGNORECASE), factor)
    for what, pattern, factor in _RULES
)


def chinese_number(text: str) -> float:
    """The value of a Chinese or Arabic numeral.

    >>> [chinese_number(t) for t in ("三十", "两", "半", "一百二十", "3万", "1,200", "十五")]
    [30.0, 2.0, 0.5, 120.0, 30000.0, 1200.0, 15.0]
    """
    if text == "半":
        return 0.5
    if text[0].isdigit():
        factor = {"万": 10_000, "千": 1_000}.get(text[-1], 1)
        return float(text.rstrip("万千").replace(",", "")) * factor
    total, section, digit = 0, 0, 0
    for character in text:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character == "万":
            total, section, digit = (total + section + digit or 1) * 10_000, 0, 0
        elif character in _UNITS:
            section, digit = section + (digit or 1) * _UNITS[character], 0
    return float(total + section + digit)


def _value(groups: Mapping[str, str | None]) -> float:
    """The number of a match: 三百 (n or n2), its English multiple ("ten thousand"), its tail (一米四, 一个半)."""
    folded = " ".join((groups.get("n") or groups.get("n2") or "").casefold().split())
    number = _EN[folded] if folded in _EN else chinese_number(folded)
    number *= _TIMES.get((groups.get("times") or "").casefold(), 1)
    if tail := groups.get("tail"):
        number += 0.5 if tail == "半" else chinese_number(tail) / 10
    return number


def find_quantities(text: str) -> tuple[Quantity, ...]:
    """Every number with a known unit, in the order of the text; the same passage is read once.

    >>> [(q.what, q.value) for q in find_quantities("积水已有半米，两辆车被困，30户停电")]
    [('depth_cm', 50.0), ('vehicles', 2.0), ('households', 30.0)]
    >>> [(q.what, q.value) for q in find_quantities("Gas smell in a block, 30 households, two people injured")]
    [('households', 30.0), ('injured', 2.0)]
    """
    taken: list[tuple[int, int, Quantity]] = []
    for what, pattern, factor in _COMPILED:
        for match in pattern.finditer(text):
            if any(match.start() < end and start < match.end() for start, end, _ in taken):
                continue
            quantity = Quantity(
                what=what, value=round(_value(match.groupdict()) * factor, 2), words=match.group().strip()
            )
            taken.append((match.start(), match.end(), quantity))
    return tuple(quantity for _, _, quantity in sorted(taken, key=lambda item: item[0]))
