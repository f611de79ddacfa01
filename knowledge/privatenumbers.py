"""Numbers that belong to one person: telephone, identity card, passport, bank card, licence plate, account, e-mail.

Digits may be written 1 3 8, 138-0000-1234, 幺三八零… or "one three eight …". It never takes a hotline (110, 12345, 95…,
400-…), an amount or a date for one. Whether a number is in use it does not know.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Span", "id_check_digit", "luhn", "private_numbers"]

_SPOKEN = str.maketrans("零〇○一幺壹二三四五六七八九０１２３４５６７８９", "00011123456789" + "0123456789")
_D = "0-9０-９零〇○一幺壹二三四五六七八九"
_RUN = re.compile(rf"\+?[{_D}](?:[ \-–,，、]{{0,2}}[{_D}])*(?:[Xx](?![A-Za-z]))?")
_GROUP = re.compile(rf"[{_D}]+[Xx]?")
_BEFORE = 14  # characters before a number that say what it is
_PHONE = re.compile(
    r"电话|手机|座机|固话|号码|联系方式|打给我|打我|\bphone|\bmobile|\bcell|\bcall me|\btel|\bmy number|\bcontact|"
    r"\breach me|\btext me",
    re.IGNORECASE,
)
_CARD = re.compile(r"银行卡|卡号|账号|账户|\bcard|\bbank account|\baccount number", re.IGNORECASE)
_IDENTITY = re.compile(r"身份证|证件号|\bidentity card|\bID\b|\bID number", re.IGNORECASE)
_OTHER = re.compile(
    r"(?:单号|编号|工单|订单|快递|票号|热线|客服|服务电话|监督电话|举报电话|合同号|\border|\bcase|\bticket|\bhotline)"
    r"[^，。,.;]{0,6}$",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"\s*(?:多|余|来)?(?:元|块|万|亿|人|户|米|吨|公里|度|个|平|斤|kg|yuan|people)|\.\d")
_DICTATED = ((11,), (3, 4, 4), (3, 8), (7, 4), (3, 3, 5), (5, 6), (4, 4, 3), (4, 7), (2, 3, 3, 3))
_LINES = ((3, 8), (4, 8), (4, 7), (3, 4, 4), (4, 4, 4), (4, 3, 4), (11,), (12,))
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(
    rf"[{_PROVINCES}] ?[A-Za-z][·• -]?(?=[A-Za-z]{{0,2}}[{_D}])(?:[A-HJ-NP-Za-hj-np-z{_D}]){{5,6}}(?![A-Za-z0-9])"
)
_NAMED_PLATE = re.compile(
    r"(?:车牌号?(?:码)?(?:是|为|：|:)?\s?|(?:licen[cs]e )?plate(?: number)?(?: is)?:? )"
    rf"(?P<it>(?=[A-Za-z· -]{{0,5}}[{_D}])(?:[A-Za-z]{{2,3}} )?[A-Za-z{_D}·-]{{5,9}})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_MAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}", re.ASCII
)
_SPOKEN_MAIL = re.compile(
    r"(?<![a-z0-9._-])[a-z0-9._-]{1,64} at [a-z0-9-]{1,64}(?: dot [a-z]{2,6}){1,2}\b|"
    r"(?<![A-Za-z0-9._-])[A-Za-z0-9._-]{1,64}(?:艾特|圈a|at)[A-Za-z0-9-]{1,64}点(?:com|cn|net)",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(
    r"(?:微信号?|\bwechat(?: id)?|\bQQ号?)(?:码)?(?:是|为| is|：|:)?\s?"
    r"(?P<it>(?=[A-Za-z_-]{0,19}\d)[A-Za-z0-9_-]{5,20})"
    r"(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_PASSPORT = re.compile(
    r"(?:护照|通行证|\bpassport|\bpermit)(?:号码?|证)?(?: number| no\.?)?(?:是|为| is|：|:)?\s?"
    r"(?P<it>[A-Za-z]{1,2}\d{7,9})\b",
    re.IGNORECASE,
)
_WORD = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)"
_SAID = re.compile(rf"\b(?:(?:double |triple )?{_WORD}[ ,-]{{1,2}}){{6,}}(?:double |triple )?{_WORD}\b", re.IGNORECASE)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class Span(NamedTuple):
    """Where something personal stands: characters `start` to `end`, and what it is."""

    start: int
    end: int
    kind: str


def id_check_digit(first: str) -> str:
    """The check digit of an identity card's first 17 digits (GB 11643-1999).

    >>> id_check_digit("11010519491231002")
    'X'
    """
    return "10X98765432"[sum(w * int(d) for w, d in zip(_WEIGHTS, first, strict=True)) % 11]


def luhn(digits: str) -> bool:
    """Whether a card number's check digit holds (ISO/IEC 7812-1).

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    doubled = [int(d) * (2 if place % 2 else 1) for place, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def private_numbers(text: str) -> Iterator[Span]:
    """Every such number, in no order; spans may overlap."""
    for pattern, kind in (
        (_PLATE, "plate"),
        (_NAMED_PLATE, "plate"),
        (_MAIL, "email"),
        (_SPOKEN_MAIL, "email"),
        (_ACCOUNT, "account"),
        (_PASSPORT, "id"),
        (_SAID, "phone"),
    ):
        for match in pattern.finditer(text):
            group = "it" if "it" in pattern.groupindex else 0
            yield Span(*match.span(group), kind)
    for run in _RUN.finditer(text):
        yield from _windows(text, run)


def _windows(text: str, run: re.Match[str]) -> Iterator[Span]:
    """The groups of a run of digits that together make a private number: the longest from each group on."""
    groups = [(m.start() + run.start(), m.end() + run.start(), m.group()) for m in _GROUP.finditer(run.group())]
    groups = [(start, end, digits.translate(_SPOKEN).upper()) for start, end, digits in groups]
    first = 0
    while first < len(groups):
        for last in range(min(len(groups), first + 20), first, -1):
            start, end = groups[first][0], groups[last - 1][1]
            digits = "".join(group for _, _, group in groups[first:last])
            sizes = tuple(len(group) for _, _, group in groups[first:last])
            if 7 <= len(digits) <= 19 and (kind := _kind(digits, sizes, text[:start], text[end:])):
                if start and text[start - 1] == "+":
                    start -= 1
                yield Span(start, end, kind)
                first = last - 1
                break
        first += 1


def _kind(digits: str, sizes: tuple[int, ...], before: str, after: str) -> str | None:
    near = before[-_BEFORE:]
    if _COUNTED.match(after) or re.search(r"[A-Za-z\d.¥$]$", before[-1:]):
        return None
    if _is_identity(digits, near):
        return "id"
    if not digits.isdigit():
        return None
    card = _CARD.search(near)
    if 16 <= len(digits) <= 19 and digits[0] in "34569" and (luhn(digits) or card):
        return "bank"
    if card and len(digits) >= 12:
        return "bank"
    return "phone" if _is_phone(digits, sizes, before) else None


def _is_identity(digits: str, near: str) -> bool:
    if len(digits) == 18 and digits[:17].isdigit():
        year, month, day = int(digits[6:10]), int(digits[10:12]), int(digits[12:14])
        born = 1900 <= year <= 2099 and 1 <= month <= 12 and 1 <= day <= 31
        return born or digits[17] == id_check_digit(digits[:17]) or bool(_IDENTITY.search(near))
    return digits.rstrip("X").isdigit() and 14 <= len(digits) <= 19 and bool(_IDENTITY.search(near))


def _is_phone(digits: str, sizes: tuple[int, ...], before: str) -> bool:
    single = max(sizes) <= 2
    for prefix in ("0086", "86"):
        if len(digits) == 11 + len(prefix) and digits.startswith(prefix):
            digits = digits[len(prefix) :]
            sizes = sizes[1:] if sizes[0] == len(prefix) else (11,)
    if re.match(r"[48]00", digits) and len(digits) == 10:
        return False
    if len(digits) == 11 and re.match("1[3-9]", digits) and (single or sizes in _DICTATED):
        return True
    if re.match("0[1-9]", digits) and sizes in _LINES and len(digits) in (10, 11, 12):
        return True
    near = before[-_BEFORE:]
    said = list(_PHONE.finditer(near))
    return bool(said) and len(digits) <= 13 and not _OTHER.search(near)
