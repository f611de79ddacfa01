"""Sixty texts that go in circles, made by seed from sentences of the demo calls, and repeated speech that does not.

The circles are the kinds that speech models make: a word, a phrase or a sentence over and over, two in turn, a sentence
that changes a little each time, over several segments, at the end of good text, or cut off in the middle.
"""

import random
from collections.abc import Sequence

from eval.utterances import demo_sentences

__all__ = ["KINDS", "REPEATED_SPEECH", "looped_texts"]

KINDS = ("character", "word", "phrase", "sentence", "in turn", "nearly", "after text", "cut off", "english", "marks")

# What people say, and more than once.
REPEATED_SPEECH = (
    "对对对",
    "对对对对对对，就是那儿",
    "谢谢谢谢",
    "谢谢谢谢，谢谢啊，谢谢您",
    "好的好的好的",
    "好好好好好",
    "喂喂喂，听得见吗，喂",
    "嗯嗯嗯嗯",
    "是的是的是的，没错",
    "不是不是不是，不是那个",
    "哎呀哎呀",
    "救命啊救命啊救命啊",
    "快来快来快来",
    "着火了着火了，快来人啊",
    "没有没有，没有的事",
    "哈哈哈哈哈哈",
    "等一下等一下等一下",
    "我说了多少遍了，多少遍了",
    "天天这样，天天这样，受不了了",
    "电话是13800000000",
    "幺三八零零零零零零零零",
    "八八八八八八八八",
    "三号楼三单元三零三",
    "一天一天又一天，一年一年又一年",
    "铁路新村三号楼，对，铁路新村三号楼二单元",
    "您好您好，请讲请讲",
    "No, no, no, no, not that one",
    "yes yes yes, please please hurry",
    "It is very, very, very loud",
    "Hello? Hello? Hello, can you hear me?",
    "bye bye, thank you, thank you, thank you so much",
    "one one two zero zero zero",
)
_LATE = "好的，"


def looped_texts(count: int = 60, seed: int = 5) -> tuple[tuple[str, str], ...]:
    """(kind, text) of each, as many of each kind as of the others."""
    rng = random.Random(seed)
    chinese, english = demo_sentences("zh"), demo_sentences("en")
    return tuple((kind, _looped(kind, rng, chinese, english)) for kind, _ in zip(KINDS * count, range(count)))  # noqa: B905


def _looped(kind: str, rng: random.Random, chinese: Sequence[str], english: Sequence[str]) -> str:
    sentence = rng.choice([text for text in chinese if len(text) >= 10])
    bare = "".join(character for character in sentence if character.isalnum())
    start = rng.randrange(len(bare) - 5)
    if kind == "character":
        return sentence + bare[start] * rng.randint(12, 60)
    if kind == "word":
        return sentence + bare[start : start + 2] * rng.randint(8, 40)
    if kind == "phrase":
        return (bare[start : start + rng.randint(3, 5)] + "，") * rng.randint(6, 20)
    if kind == "sentence":
        return sentence * rng.randint(3, 8)
    if kind == "in turn":
        return (sentence + rng.choice(chinese)) * rng.randint(3, 6)
    if kind == "nearly":
        times = rng.randint(5, 9)
        return "".join(f"{bare[:12]}第{'一二三四五六七八九十'[number]}，" for number in range(times))
    if kind == "after text":
        return rng.choice(chinese) + rng.choice(chinese) + sentence * rng.randint(4, 7)
    if kind == "cut off":
        looped = sentence * rng.randint(4, 8)
        return looped[: -rng.randint(2, max(len(sentence) - 2, 3))]
    if kind == "english":
        return f"{rng.choice(english)} " * rng.randint(3, 8)
    return "".join(rng.choice("，。！？ ").join([bare[:7], ""]) for _ in range(rng.randint(5, 12)))
