"""Names of persons in a text, where the words around tell them: 我叫…, 我姓…, 张先生, "my name is …".

A name without such a context, an official with a title of office (王局长) and nicknames (老孙, 小王) are left alone,
and so are places of the gazetteer. It has no list of people.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from knowledge.places import Gazetteer, read_places
from knowledge.privatenumbers import Span

__all__ = ["person_names"]

_DOUBLE = "欧阳|司马|上官|诸葛|司徒|东方|皇甫|尉迟|公孙|慕容|令狐|夏侯|长孙|端木"
_SURE = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏"
    "钟汪田姜范石姚谭廖邹熊金陆郝孔崔康毛邱秦江史顾侯邵孟龙段雷钱汤尹黎易武乔贺赖龚庞樊殷施洪翟倪严牛俞章鲁葛韦毕"
    "聂焦岳齐梅庄辛涂祁耿詹费纪靳盛童欧甄裴席卫查屈鲍覃霍翁甘柯阮桂闵柳游乌管卜"
)
_MAYBE = "马于任方白关安常文向时路万车年和成计边莫温尤单明艾冷华符鄂国解应宫申房骆"  # also ordinary words
_SURNAME = f"(?:{_DOUBLE}|[{_SURE}{_MAYBE}])"
_SURE_SURNAME = f"(?:{_DOUBLE}|[{_SURE}马方白于任])"
# No given name holds one of these: after a name they begin the next words.
_NEXT = (
    "住在的是有我你您他她它们说电身今昨从想因来去叫跟对要不了吗呢吧啊呀嘛，。、！？也就都还很把被让给向到这那个"
    "号码手机岁刚才打找问报投反"
)
_TITLE = (
    r"(?:先生|女士|小姐|师傅|阿姨|大爷|大妈|大娘|大哥|大姐|大叔|太太|奶奶|爷爷|叔叔|婆婆|老师(?!傅)|医生|同志|老板)"
)
_GIVEN = f"(?:(?!{_TITLE})[^\\W\\d_a-zA-Z{_NEXT}])"
_EDGE = r"(?=[^\u3400-\u9fff]|[的是，。、！？住在家和今我，]|电话|手机|身份|号码|明天|$)"
_CALLED = re.compile(
    rf"(?:我叫|我的名字[叫是]|名叫|本人叫?|姓名(?:是|叫|为|：|:)?|名字(?:是|叫|为|：|:)|户主(?:是|叫)?|联系人(?:是|叫|：|:)?|"
    rf"署名|(?:患者|病人|老人|当事人|孩子|小孩|孙子|孙女|同事|同学|群里|有个|儿子|女儿|老伴|爱人|老公|老婆|丈夫|妻子|母亲|父亲|老板|房东|邻居|法人)叫)"
    rf"\s?(?P<it>{_SURNAME}{_GIVEN}{{1,2}}){_EDGE}"
)
_LATIN_CALLED = re.compile(r"(?:我叫|名字[叫是]|姓名[是：:]?)\s?(?P<it>[A-Z][A-Za-z'’-]+(?: [A-Z][A-Za-z'’-]+){0,2})")
_SURNAMED = re.compile(
    rf"(?:(?<![同百老])[我他她]姓|免贵姓|贵姓[？?，]\s?姓?|(?:^|[，。！？、\n]\s?)姓)\s?(?P<it>{_SURNAME})(?![氏名])"
    rf"(?:[，,、\s]{{0,2}}(?:我?叫)?(?P<full>(?P=it){_GIVEN}{{1,2}}){_EDGE})?"
)
_ASKED = re.compile(
    rf"(?:贵姓|怎么称呼|称呼|姓名|您的名字)[^\n]{{0,16}}\n(?:[^\n]{{0,6}}[，。、])?(?:我?[叫姓是])?"
    rf"(?P<it>{_SURE_SURNAME}{_GIVEN}{{1,2}})(?=[，。,.\n]|$)"
)
# What makes of the surname before a title an ordinary word: 保安大哥, 语文老师, 公交车师傅, 关于女士…
_WORD_BEFORE = r"(?<!班主)(?<![保公治平语中英作责信关对由至位终处等过交货叉卡租机火汽电大小这那哪该道线网])"
_TITLED = re.compile(
    rf"{_WORD_BEFORE}(?P<it>(?:{_DOUBLE}|[{_SURE}马方白于任安常文路万时温莫骆]){_GIVEN}{{0,2}})"
    rf"(?={_TITLE})"
)
_EN_WORD = r"[A-Z][A-Za-z'’-]+"
_EN_CALLED = re.compile(
    rf"\b[Mm]y (?:full |first |last )?name(?:'s|’s| is)(?: called)? (?P<it>{_EN_WORD}(?: {_EN_WORD}){{0,2}})|"
    rf"\b(?:[Nn]ame|[Cc]ontact)(?: is|:) (?P<it2>{_EN_WORD}(?: {_EN_WORD}){{0,2}})|"
    rf"\b(?:I am|I'm|I’m|[Tt]his is|[Ii]t is|[Cc]alled|[Nn]amed) (?P<it3>{_EN_WORD} {_EN_WORD}(?: {_EN_WORD})?)|"
    rf"\b(?:Mr|Mrs|Ms|Miss|Mister|Madam|Dr)\.? (?P<it4>{_EN_WORD}(?: {_EN_WORD})?)"
)
_EN_LOWER = re.compile(r"\bmy (?:full )?name(?:'s|’s| is) (?P<it>[a-z'’-]+(?: [a-z'’-]+)?)(?=[.,;!?]|$| and\b)")
_NOT_A_NAME = frozenset(
    re.findall(
        "[a-z]+",
        "hotline street road district avenue bridge park hospital school centre center station estate service citizen "
        "city county market village square garden line metro bus police fire the a an not on in at already missing "
        "wrong chinese english american british monday tuesday wednesday thursday friday saturday sunday correct "
        "spelled hello good morning evening afternoon bureau government night team here still listed there madam sir "
        "bay",
    )
)


@lru_cache(maxsize=1)
def _bundled() -> Gazetteer:
    return read_places()


def person_names(text: str, gazetteer: Gazetteer | None = None) -> Iterator[Span]:
    """Every name told by its context, in no order; spans may overlap. A surname before 先生, 女士 or 师傅 is a name;
    the title is no part of it."""
    places = gazetteer or _bundled()
    for pattern in (_CALLED, _LATIN_CALLED, _SURNAMED, _ASKED, _TITLED):
        for match in pattern.finditer(text):
            for group in ("it", "full"):
                if group in pattern.groupindex and match.group(group):
                    yield from _unless_place(Span(*match.span(group), "name"), text, places)
    for pattern in (_EN_CALLED, _EN_LOWER):
        for match in pattern.finditer(text):
            group = next(name for name, value in match.groupdict().items() if value)
            yield from _english(match, group, places)


def _unless_place(span: Span, text: str, places: Gazetteer) -> Iterator[Span]:
    around = text[span.start : span.end + 6]
    if not any(around.startswith(found.words) for found in places.find(around)):
        yield span


def _english(match: re.Match[str], group: str, places: Gazetteer) -> Iterator[Span]:
    """The words of a name up to the first that cannot be one; none where nothing is left of it, or it is a place."""
    name = match.group(group)
    kept: list[str] = []
    for word in name.split(" "):
        if word.casefold().rstrip("'’-") in _NOT_A_NAME:
            break
        kept.append(word)
    words = " ".join(kept)
    whole = len(kept) == name.count(" ") + 1
    if kept and (whole or group in ("it", "it2")) and not places.find(words):
        start = match.start(group)
        yield Span(start, start + len(words), "name")
