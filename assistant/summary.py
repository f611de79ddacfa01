"""The summary of a call: at most three of its own sentences, word for word, in the order of time.

Chosen are sentences near the middle of what is said (cosine of meanings), with a place, a number, a danger or the words
that point to the category, and unlike those already chosen (maximal marginal relevance, Carbonell and Goldstein, 1998).
The caller's words come first; nothing is rewritten.
"""

from collections.abc import Sequence

import numpy as np

from assistant.quantity import find_quantities
from assistant.saying import Saying
from knowledge.call import Channel
from knowledge.callwords import CallWords
from knowledge.meaning import Meaning
from knowledge.places import Gazetteer

__all__ = ["summary"]

MOST = 3
SHORT = 8  # characters under which a sentence says little
UNLIKE = 0.5  # what likeness to a chosen sentence costs
AGENT = 0.35  # what a sentence of the agent counts for
DOUBT = 0.5


def summary(
    said: Sequence[Saying], telling: Sequence[str], meaning: Meaning, gazetteer: Gazetteer, words: CallWords
) -> tuple[Saying, ...]:
    """The sentences; `telling` are the words that point to the call's category. A call that says nothing has none."""
    told = [s for s in said if not words.has("greeting", s.text) and not s.text.rstrip().endswith(("？", "?"))]
    told = [s for s in told if s.channel is not Channel.AGENT] or told
    if not told:
        return ()
    vectors = meaning.embed([saying.text for saying in told])
    scores = np.asarray([_weight(saying, telling, gazetteer) for saying in told], dtype=np.float32)
    middle = (vectors * scores[:, None]).sum(axis=0)
    middle /= max(float(np.linalg.norm(middle)), 1e-9)
    scores *= 0.4 + np.clip(vectors @ middle, 0.0, 1.0)
    chosen: list[int] = []
    while len(chosen) < min(MOST, len(told)):
        alike = (vectors @ vectors[chosen].T).max(axis=1) if chosen else np.zeros(len(told))
        rest = scores * (1.0 - UNLIKE * np.clip(alike, 0.0, 1.0))
        rest[chosen] = -1.0
        best = int(rest.argmax())
        if chosen and rest[best] < 0.25 * scores[chosen[0]]:
            break
        chosen.append(best)
    return tuple(told[place] for place in sorted(chosen))


def _weight(saying: Saying, telling: Sequence[str], gazetteer: Gazetteer) -> float:
    weight = 1.0
    weight += 0.6 * bool(gazetteer.find(saying.text))
    weight += 0.3 * bool(find_quantities(saying.text))
    weight += 0.3 * min(sum(word in saying.text for word in telling), 2)
    weight *= min(len(saying.text) / SHORT, 1.0)
    weight *= DOUBT if saying.doubtful else 1.0
    return weight * (AGENT if saying.channel is Channel.AGENT else 1.0)
