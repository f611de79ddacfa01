"""Spoken numbers as digits: house numbers, telephone numbers, percentages, dates, times, amounts.

What only looks like a number stays (一些, 一下, 万一, 三轮车), and so do vague ones (三四百, 几十, 十几个)
and a single digit before a word that counts anything (三个人, 两次): people write those as they say them.
"""

import re
from collections.abc import Callable
from itertools import pairwise

__all__ = ["number_value", "written_numbers"]

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "幺": 1}
_UNITS = {"十": 10, "百": 100, "千": 1_000}
_BIG = {"万": 10_000, "亿": 100_000_000}
_FOLD = str.maketrans({c: str(i) for c, i in _DIGITS.items()})

_NUMERAL = "[零〇一二两三四五六七八九十百千万亿]"
_ONE = "[一二三四五六七八九]"
_SAID = "[零〇幺一二三四五六七八九]"  # of a number said digit by digit
_TO_99 = f"(?:{_ONE}?十{_ONE}?|{_ONE})"

# Words and names that look like numbers. They are set aside before anything is read.
_KEPT = re.compile(
    "万一|千千万万|成千上万|万万|千万(?![元块人吨级以])|十分(?!钟)|百分百|百姓|百货|百科|百里挑一|一百个不|二百五(?!十)|"
    "三七二十一|一五一十|十有八九|十字|十足|十全|三三两两|七七八八|一千零一夜|双十[一二]|十一(?=假期|期间|长假|黄金周)|"
    "五十步笑百步|二十四节气|三百六十行|三十六计|五百强|百十来?|"
    f"(?<!{_SAID})(?:二三四|三四五|四五六|五六七|六七八|七八九)(?!{_SAID})"
)
_ASIDE = 0xE000  # first character of the private use area, one for each phrase set aside

# What may follow a number of two characters (十五, 三十, 两千) so that it is surely one.
_COUNTED = (
    "号|栋|幢|单元|楼|室|层|米|公里|里地|厘米|毫米|公分|平方|平米|平|元|块|毛|岁|度|分|秒|天|年|月|日|周|小时|个|位|名|人|户|"
    "家|辆|台|部|次|遍|路|斤|公斤|千克|吨|升|瓦|伏|级|门|弄|巷|期|倍|条|根|棵|盏|件|份|只|头|张|趟|班|多|来|余|亩|起|处|页|"
    "站|排|座|箱|袋|桶|瓶|套|片|字|左右|以上|以下|线|点|幅|项|例|场|顿|组|批|万"
)
# What may follow a single digit: places, measures and times, nothing that merely counts.
_PLACED = (
    "号楼|号线|号院|号门|号桥|号(?![召称令码角])|栋|幢|单元|楼(?![梯道])|室(?![一两])|米|公里|厘米|毫米|块钱|元(?![宵旦素])|岁|"
    "分钟|小时|个小时|路(?=公交|车|站)|层楼|度电|楼层"
)
_MEASURED = "米|公里|厘米|毫米|吨|度|万|亿|元|块|倍|升|平|斤|公斤|兆|级|个百分|小时|个小时|千瓦|公顷|亩"
_PART_OF_DAY = "凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|半夜|今晚|昨晚|明早|今早"
_HOUR = f"(?:二?十{_ONE}?|[零〇两一二三四五六七八九])"

_PERCENT = re.compile(f"百分之({_NUMERAL}+)(?:点({_SAID}+))?")
_DECIMAL = re.compile(f"(?<!{_NUMERAL})({_NUMERAL}+)点({_SAID}+)(?={_MEASURED})")
_YEAR = re.compile(f"(?<!{_NUMERAL})({_SAID}{{4}}|[零〇一二九]{_SAID})(?=年(?![级纪代前后来多内]))")
_MONTH = re.compile(
    f"(?<![{_NUMERAL[1:-1]}几个])(十[一二]?|{_ONE})月(?:({_TO_99})(?=[号日])|(?=份|初|底|中旬|末|[，。？！、]|$))"
)
_DAY = re.compile(f"(?<![{_NUMERAL[1:-1]}第几])({_ONE}?十{_ONE}|[二三]十)(?=[号日](?![楼线院门召称]))")
_CLOCK = re.compile(
    f"({_PART_OF_DAY}|到|[是就在从])?(?<![{_NUMERAL[1:-1]}第])({_HOUR})点"
    f"(钟|半(?!点)|多|整|[一三]刻|以后|以前|之前|之后|左右|(?=到)|开始|[零〇]?{_TO_99}分|{_ONE}?十{_ONE}?(?!{_NUMERAL}|点|个))?"
)
_DIGIT_BY_DIGIT = re.compile(f"(?<![{_NUMERAL[1:-1]}]){_SAID}{{3,}}(?![十百千万亿])")
_CARDINAL = re.compile(f"(?<![几数上好]){_NUMERAL}{{2,}}(?!几)")
_SINGLE = re.compile(f"(?<![{_NUMERAL[1:-1]}第这那每哪同某任几统另进高])([{_ONE[1:-1]}十两])(?={_PLACED})")
_ENGLISH = {"oh": "0", "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5"}
_ENGLISH |= {"six": "6", "seven": "7", "eight": "8", "nine": "9"}
_SPELT = re.compile(rf"\b(?:{'|'.join(_ENGLISH)})(?:[ -](?:{'|'.join(_ENGLISH)})){{3,}}\b", re.IGNORECASE)


def number_value(numeral: str) -> int:
    """The value of a Chinese numeral, read with its units or, where it has none, digit by digit.

    >>> [number_value(n) for n in ("一百二十三", "十五", "两千零六", "三万五千", "一二三")]
    [123, 15, 2006, 35000, 123]
    """
    if not set(numeral) & (_UNITS.keys() | _BIG.keys()):
        return int(numeral.translate(_FOLD))
    total, section, digit = 0, 0, 0
    for character in numeral:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _UNITS:
            section, digit = section + (digit or 1) * _UNITS[character], 0
        else:
            total, section, digit = (total + section + digit) * _BIG[character], 0, 0
    return total + section + digit


def written_numbers(text: str, language: str = "zh") -> str:
    """The text with the numbers that are surely numbers as digits; English only where digits are said one by one.

    >>> written_numbers("我家在一百二十三号，电话幺三八零零零零一二三四")
    '我家在123号，电话13800001234'
    >>> written_numbers("万一一些人坐三轮车来一下呢")
    '万一一些人坐三轮车来一下呢'
    """
    if language != "zh":
        return _SPELT.sub(lambda m: "".join(_ENGLISH[w] for w in re.split("[ -]", m.group().casefold())), text)
    aside: list[str] = []

    def set_aside(match: re.Match[str]) -> str:
        aside.append(match.group())
        return chr(_ASIDE + len(aside) - 1)

    text = _KEPT.sub(set_aside, text)
    for pattern, write in _RULES:
        text = pattern.sub(write, text)
    for place, phrase in enumerate(aside):
        text = text.replace(chr(_ASIDE + place), phrase)
    return text


def _percent(match: re.Match[str]) -> str:
    return f"{number_value(match[1])}{'.' + match[2].translate(_FOLD) if match[2] else ''}%"


def _decimal(match: re.Match[str]) -> str:
    return match.group() if _vague(match[1]) else f"{number_value(match[1])}.{match[2].translate(_FOLD)}"


def _month(match: re.Match[str]) -> str:
    return f"{number_value(match[1])}月{number_value(match[2]) if match[2] else ''}"


def _clock(match: re.Match[str]) -> str:
    """八点半 → 8点半, 下午三点 → 下午3点; 一点 alone may be "a little" and stays."""
    before, hour, after = match[1] or "", match[2], match[3] or ""
    named = before in _PART_OF_DAY.split("|") or before == "到" or match.string.startswith("到", match.end())
    alone = not after and not named
    if (alone and hour in ("一", "两")) or (alone and "十" not in hour) or number_value(hour) > 24:
        return match.group()
    if hour == "一" and after in ("多", "以后", "以前", "左右") and not before:
        return match.group()
    minutes = after.removesuffix("分").lstrip("零〇")
    if minutes and set(minutes) <= set(_NUMERAL) and after[0] not in "钟半多整":
        after = f"{number_value(minutes):02d}{'分' if after.endswith('分') else ''}"
    return f"{before}{number_value(hour)}点{after}"


def _cardinal(match: re.Match[str]) -> str:
    """Numerals with units: from three characters on, or two before something that is counted."""
    numeral = match.group()
    follows = match.string[match.end() :]
    sure = len(numeral) >= 3 or re.match(_COUNTED, follows) is not None
    if not sure or _vague(numeral) or not set(numeral) & (_UNITS.keys() | _BIG.keys()):
        return numeral
    if numeral[0] in "百千万亿零〇" or _cut_short(numeral):
        return numeral
    value = number_value(numeral)
    for unit, size in (("亿", _BIG["亿"]), ("万", _BIG["万"])):
        if value >= size and value % (size // 10) == 0:
            return f"{value / size:g}{unit}"
    return str(value)


def _vague(numeral: str) -> bool:
    """三四百, 五六十, 二十七八: two digits side by side beside a unit mean "about"."""
    units = _UNITS.keys() | _BIG.keys()
    digits = set(_DIGITS) - set("零〇")
    pair = any(a in digits and b in digits for a, b in pairwise(numeral))
    return pair and bool(set(numeral) & units)


def _cut_short(numeral: str) -> bool:
    """一百二, 三万五: the last unit is left out, which only a listener can fill in."""
    return len(numeral) >= 3 and numeral[-1] in _DIGITS and numeral[-2] in "百千万亿"


_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_PERCENT, _percent),
    (_DECIMAL, _decimal),
    (_YEAR, lambda match: match[1].translate(_FOLD)),
    (_MONTH, _month),
    (_DAY, lambda match: str(number_value(match[1]))),
    (_CLOCK, _clock),
    (_DIGIT_BY_DIGIT, lambda match: match.group().translate(_FOLD)),
    (_CARDINAL, _cardinal),
    (_SINGLE, lambda match: str(number_value(match[1]))),
)
