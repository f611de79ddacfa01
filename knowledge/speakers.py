"""Who speaks in a call whose recording does not keep the speakers apart: a guess from the words.

The agent greets, asks, repeats, promises and says 您; the caller tells and begs. Each segment's words speak for one of
the two, and of all ways to share out the segments the one is taken that they speak for most. It hears no voices, and
does not know a third person.
"""

from collections.abc import Sequence

from knowledge.call import Channel
from knowledge.callwords import CallWords, read_callwords

__all__ = ["guess_speakers"]

TURN = 0.8  # what a change of speaker brings after a pause: then most segments are turns of their own
STAY = 0.5  # what it costs without one
PAUSE = 0.3  # seconds
FIRST = 2.0  # the agent picks up
MOST = 5.0  # no segment speaks louder than that


def guess_speakers(
    texts: Sequence[str], pauses: Sequence[float] | None = None, *, words: CallWords | None = None
) -> tuple[Channel, ...]:
    """Who says each text, in the order in which they were said: AGENT or CALLER, never MIXED. `pauses` are the seconds
    of silence before each text; without them every text is taken for a turn.

    >>> [c.value for c in guess_speakers(["您好，12345热线，请讲。", "路灯不亮，能不能来修？", "请问在哪条路？"])]
    ['agent', 'caller', 'agent']
    """
    known = words or read_callwords()
    sides = (Channel.AGENT, Channel.CALLER)
    ways: list[tuple[float, tuple[Channel, ...]]] = [(FIRST, ()), (0.0, ())]
    for number, text in enumerate(texts):
        lean = max(-MOST, min(MOST, known.weight("agent", text) - known.weight("caller", text)))
        change = TURN if pauses is None or pauses[number] >= PAUSE else -STAY
        following = []
        for place, side in enumerate(sides):
            came = [
                (score + (change if number and before != place else 0.0), way)
                for before, (score, way) in enumerate(ways)
                if number or before == place
            ]
            best, way = max(came, key=lambda pair: pair[0])
            following.append((best + (lean if side is Channel.AGENT else -lean), (*way, side)))
        ways = following
    return max(ways, key=lambda pair: pair[0])[1]
