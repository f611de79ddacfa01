"""What the agent of the hotline promises: the sentence word for word, and by when, if that was said.

A promise is a sentence of the agent that commits to something the city will do; questions and advice are none. Whether
it was kept, the tasks know.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from assistant.deadline import find_deadline
from assistant.saying import Saying
from knowledge.call import Channel
from knowledge.callwords import CallWords
from knowledge.case import Moment

__all__ = ["Promise", "find_promises"]

_ASKING = ("？", "?", "吗", "吗。")
_PAST = re.compile(r"已经|过了?[，。]|刚才|昨|早上|知道|\b(?:already|was|were|had|is|are)\b")


class Promise(BaseModel):
    """A promise. `reply` says whether an answer to the caller is part of it; `due` is None where no time was named,
    `due_words` are the words that named it."""

    model_config = ConfigDict(frozen=True)

    saying: Saying
    reply: bool
    due: Moment | None = None
    due_words: str = ""


def find_promises(said: Sequence[Saying], now: datetime, words: CallWords) -> tuple[Promise, ...]:
    """All promises in the order in which they were made; `now` is the time of the call, aware."""
    found = []
    for saying in said:
        if saying.channel is not Channel.AGENT or saying.text.rstrip().endswith(_ASKING):
            continue
        telling = {t.key for t in words.find("promise", saying.text)}
        reply = bool(telling & {"reply", "reply_en"})
        deadline = find_deadline(saying.text, now)
        if deadline:
            promised = bool(telling) or not _PAST.search(saying.text)
        else:
            promised = bool(telling) and (words.has("commits", saying.text) or (reply and "您" in saying.text))
        if not promised:
            continue
        found.append(
            Promise(
                saying=saying,
                reply=reply,
                due=deadline.due if deadline else None,
                due_words=deadline.words if deadline else "",
            )
        )
    return tuple(found)
