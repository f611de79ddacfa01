"""The sentences that the demonstration model learns from: random words, hotline sentences, natural sentences.

Random words force the decoder to listen, since it cannot guess them. Hotline sentences are drawn from phrases.json.
Natural sentences are cut from the project's own kinds of matter and demo cases. Chinese only; everything is our own.
It makes no sound.
"""

import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from random import Random

from knowledge.matters import read_matters

__all__ = ["KINDS", "Corpus", "Sentence", "as_said", "natural_pieces", "numeral", "read_corpus"]

FOLDER = Path(__file__).parent
KINDS = {"words": 0.30, "natural": 0.42, "domain": 0.28}  # shares once it listens; before that see training.STAGES
LONGEST = 30  # characters of a sentence
SHORTEST = 4
HELD_OUT = 25  # one kind of matter in so many is kept for measuring
OFTEN = 8  # a character is learned if our texts have it so many times
STOPS = "，。？"
# Characters that a public service does not write, and that stand near to harmless ones in sound (号, 好, 逼 for 比).
UNFIT = frozenset("操逼屌肏奸淫妓娼嫖骚婊屄尿屎妾裸")
CANTONESE = frozenset("嘅唔咗嗰冇喺啲嚟佢哋攞睇冚嘢啱乜咁哂晒俾畀揸屙掟冧瞓谂")  # the voices read Mandarin only
PARTICLES: tuple[str, ...] = (
    *"的了在和是都很也不就还要把被从到有我他她你这那对给跟让为上下里去来会能",
    *("没有", "我们", "他们", "这个", "那个", "可以", "因为", "所以", "但是", "如果", "已经", "非常", "一个"),
)
_DIGITS = "零一二三四五六七八九"
_SPOKEN_DIGITS = "零幺二三四五六七八九"  # on the telephone one is yao, so that nobody hears seven
COUNTED: tuple[str, ...] = (*"号元人个天年月栋层米度分点辆户", "单元", "号楼", "室", "公里")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Sentence:
    """`written` is the transcript, Han characters, digits and ，。？; `kind` is a key of KINDS."""

    written: str
    kind: str

    @property
    def spoken(self) -> str:
        """The written characters, one for one, digits as they are read.

        >>> Sentence("尾号301。", "domain").spoken
        '尾号三零幺。'
        """
        return "".join(_SPOKEN_DIGITS[int(c)] if c.isascii() and c.isdigit() else c for c in self.written)


def numeral(number: int) -> str:
    """A whole number in 0..9999 in characters.

    >>> [numeral(n) for n in (0, 7, 12, 20, 105, 110, 2035)]
    ['零', '七', '十二', '二十', '一百零五', '一百一十', '二千零三十五']
    """
    if number < 20:
        return ("十" + _DIGITS[number - 10]).removesuffix("零") if number >= 10 else _DIGITS[number]
    said, gap = "", False
    for unit, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            said += ("零" if gap else "") + _DIGITS[digit] + sign
        gap = bool(said) and not digit
    return said


def as_said(text: str) -> str:
    """Numbers that are counted become characters; those that are spelled (telephones, years, leading zero) stay digits.

    >>> as_said("押金3000元，2个月，电话13800001234"), as_said("1.5米")
    ('押金三千元，两个月，电话13800001234', '一点五米')
    """

    def said(match: re.Match[str]) -> str:
        digits, after = match.group(), text[match.end() : match.end() + 1]
        whole, _, part = digits.partition(".")
        if len(whole) > 4 or (len(whole) > 1 and whole[0] == "0") or (len(whole) == 4 and after == "年"):
            return digits.replace(".", "点")
        if part:
            return numeral(int(whole)) + "点" + "".join(_DIGITS[int(d)] for d in part)
        return "两" if digits == "2" and after and after not in "月号日点楼" else numeral(int(whole))

    return _NUMBER.sub(said, text)


def natural_pieces(text: str) -> Iterator[str]:
    """A text cut at its stops into sentences of SHORTEST..LONGEST characters, long ones at commas; what has letters or
    signs that are not read as they stand is left out.

    >>> list(natural_pieces("好臭。旁边三天没人收垃圾，苍蝇到处飞！WiFi坏了。"))
    ['旁边三天没人收垃圾，苍蝇到处飞。']
    """
    plain = re.sub(r"[“”\"'‘’《》()（）]", "", text).replace(",", "，").replace("、", "，")
    for sentence in re.findall(r"[^。！？!?；;…\n]+[。！？!?；;…\n]?", plain):
        stop = "？" if sentence[-1] in "？?" else "。"
        parts = [part for part in re.split(r"[，。！？!?；;…\n：:—~～-]+", sentence) if part.strip()]
        if re.search(r"[A-Za-z%℃]", sentence):
            continue
        run = ""
        for part in parts:
            if run and len(run) + len(part) > 22:
                yield from _fitting(run + "。")
                run = ""
            run = f"{run}，{part}" if run else part
        yield from _fitting(run + stop)


def _fitting(sentence: str) -> Iterator[str]:
    said = as_said(sentence)
    if SHORTEST <= len(said) <= LONGEST and re.fullmatch(rf"[\u4e00-\u9fa50-9{STOPS}]+", said):
        yield said


@dataclass(frozen=True)
class Corpus:
    """Draws sentences. `phrases` are those of phrases.json, `natural` and `held_out` natural sentences, disjoint and
    without repetition; `words` are words of the natural texts with their counts."""

    phrases: Mapping[str, Sequence[str]]
    natural: tuple[str, ...]
    held_out: tuple[str, ...]
    words: Mapping[str, int]

    def draw(self, random: Random, *, kind: str) -> Sentence:
        """A sentence of a kind of KINDS, SHORTEST..LONGEST characters, of `characters` and digits only."""
        make: dict[str, Callable[[Random], str]] = {
            "words": self._random_words, "domain": self._domain, "natural": lambda r: r.choice(self.natural)
        }  # fmt: skip
        while True:
            written = make[kind](random)
            if SHORTEST <= len(written) <= LONGEST and not set(written) - self.characters:
                return Sentence(written, kind)

    @cached_property
    def characters(self) -> frozenset[str]:
        """What may be written: the characters of the natural sentences and the words, digits and stops."""
        return frozenset("".join(self.natural)) | frozenset("".join(self.words)) | frozenset("0123456789" + STOPS)

    @cached_property
    def _weighted(self) -> tuple[list[str], list[float]]:
        """Words and the running sum of their weights: count to the power .35, so that rare ones come too."""
        return list(self.words), list(accumulate(count**0.35 for count in self.words.values()))

    @cached_property
    def _by_character(self) -> dict[str, list[str]]:
        having: dict[str, list[str]] = {}
        for word in self.words:
            for character in set(word):
                having.setdefault(character, []).append(word)
        return having

    @cached_property
    def _spoken_characters(self) -> list[str]:
        return sorted(self._by_character)

    def _random_words(self, random: Random) -> str:
        said = ""
        length = random.choice([4, 6, 8, 9, 10, 12, 14, 16, 18])
        while len(said) < length:
            said += self._item(random)
            if len(said) < length:
                said += random.choices([random.choice(PARTICLES), "，", ""], [0.3, 0.1, 0.6])[0]
        return said + random.choices("。？", [9, 1])[0]

    def _item(self, random: Random) -> str:
        """A word, a particle, a name, a number or a clause."""
        words, weights = self._weighted
        which = random.random()
        if which < 0.5:
            return random.choices(words, cum_weights=weights)[0]
        if which < 0.72:  # every character in equal shares
            return random.choice(self._by_character[random.choice(self._spoken_characters)])
        if which < 0.8:
            return random.choice(PARTICLES)
        if which < 0.92:
            return self._fill(random, random.choice(["{name}", "{road}", "{estate}", "{district}"]))
        if which < 0.96:
            number = random.choice([random.randint(1, 99), random.randint(100, 3300)])
            return numeral(number) + random.choice(COUNTED)
        if which < 0.975:
            return _spelled(random, random.randint(3, 8))
        return random.choice(self.phrases[random.choice(["requests", "effects", "spots", "moments"])]).split("，")[0]

    def _domain(self, random: Random) -> str:
        """One to three clauses as callers and agents say them, in any order."""
        clauses = [self._clause(random) for _ in range(random.choice([1, 1, 2, 2, 3]))]
        said = "，".join(clauses)
        return said + ("？" if said.endswith("吗") or "请问" in clauses[-1] or "什么" in clauses[-1] else "。")

    def _clause(self, random: Random) -> str:
        pattern = random.choices(
            ["{problem}", "{request}", "{effect}", "{opening}", "{agent}", "{caller}", "{place}", "{place}{problem}",
             "{moment}{problem}", "{moment}{place}{problem}", "{who}住在{place}"],
            [26, 9, 12, 8, 8, 10, 5, 8, 6, 5, 3],
        )[0]  # fmt: skip
        said = self._fill(random, pattern)
        if random.random() < 0.3:
            said = random.choice(said.split("，"))
        if random.random() < 0.2:
            said = random.choice([self._item(random) + said, said + self._item(random)])
        return said

    def _fill(self, random: Random, pattern: str) -> str:
        """The pattern with {slots} filled, those of the fillings too."""
        while "{" in pattern:
            pattern = re.sub(r"\{(\w+)\}", lambda match: self._slot(random, match.group(1)), pattern)
        return pattern

    def _slot(self, random: Random, name: str) -> str:
        patterns = {
            "road": "{road_name}{road_kind}", "estate": "{estate_name}{estate_kind}",
            "name": random.choice(["{surname}{given_name}", "{surname}{given_name}{given_name}"]),
            "address": "{district}{estate}{count}号楼{count}单元",
            "place": random.choice(["{road}{count}号", "{road}和{road}交叉口", "{district}{road}{spot}",
                                    "{road}{spot}", "{estate}{count}号楼", "{estate}{spot}"]),
            "date": f"{numeral(random.randint(1, 12))}月{numeral(random.randint(1, 31))}{random.choice('号日')}",
            "time": f"{random.choice(['早上', '上午', '下午', '晚上', '凌晨'])}{numeral(random.randint(1, 12))}点",
        }  # fmt: skip
        numbers = {"count": (2, 99), "money": (20, 9999)}
        spelled = {"four_digits": 4, "three_digits": 3, "order": random.choice([6, 8])}
        if name in patterns:
            return patterns[name]
        if name in numbers:
            return numeral(random.randint(*numbers[name]))
        if name in spelled:
            return _spelled(random, spelled[name])
        if name == "phone":
            return random.choice(["13", "15", "17", "18", "19"]) + _spelled(random, 9)
        return random.choice(self.phrases[name if name in self.phrases else name + "s"])


def _spelled(random: Random, count: int) -> str:
    return "".join(random.choices("0123456789", k=count))


def _own_texts() -> Iterator[tuple[str, bool]]:
    """Every Chinese text of the kinds of matter and the demo cases, and whether it is kept for measuring."""
    for matter in read_matters():
        kept = zlib.crc32(matter.id.encode()) % HELD_OUT == 0
        for text in (matter.zh + "。", *matter.says):
            if len(re.findall(r"[\u4e00-\u9fff]", text)) > 0.6 * len(text):
                yield text, kept
    for path in sorted((FOLDER.parent / "demo" / "cases").glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            case = json.loads(line)
            for text in [case["situation"], case.get("lessons") or "", *(a["text"] for a in case.get("actions", ()))]:
                if len(re.findall(r"[\u4e00-\u9fff]", text)) > 0.6 * len(text):
                    yield text, number % HELD_OUT == 0


def read_corpus() -> Corpus:
    """The corpus of the files that come with the product; about three seconds."""
    import rjieba

    texts = list(_own_texts())
    counted = Counter("".join(text for text, kept in texts if not kept))
    phrases: dict[str, list[str]] = json.loads((FOLDER / "phrases.json").read_text(encoding="utf-8"))
    known = {c for c, count in counted.items() if count >= OFTEN and "\u4e00" <= c <= "\u9fa5"}
    known |= {c for said in phrases.values() for phrase in said for c in phrase if "\u4e00" <= c <= "\u9fa5"}
    known |= set(_DIGITS + "十百千万两幺" + "".join(PARTICLES))
    known -= UNFIT | CANTONESE
    learned = {p for text, kept in texts if not kept for p in natural_pieces(text) if not set(p) - known - set(STOPS)}
    held = {p for text, kept in texts if kept for p in natural_pieces(text) if not set(p) & (UNFIT | CANTONESE)}
    words = Counter(word for piece in sorted(learned) for word in rjieba.cut(piece))
    kept_words = {w: n for w, n in sorted(words.items()) if 2 <= len(w) <= 4 and not set(w) - known}
    return Corpus(phrases, tuple(sorted(learned)), tuple(sorted(held - learned)), kept_words)
