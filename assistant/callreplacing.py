"""Find and replace over the transcripts of many calls, with a look at what would change before it does.

Each call's changes are one new version; it looks at the words as they are and shows them masked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.callediting import replaced
from assistant.callmask import CallMask
from knowledge.call import Transcript
from knowledge.calls import Calls
from knowledge.errors import BadInput

__all__ = ["Found", "Replaced", "replace_all"]

_SHOWN = 20


@dataclass(frozen=True)
class Found:
    """One sentence that a replacement changes, masked: before and after."""

    call_id: int
    index: int
    before: str
    after: str


@dataclass(frozen=True)
class Replaced:
    """What a replacement changed, or would change: calls, sentences, and the first of them to look at."""

    calls: int
    sentences: int
    examples: tuple[Found, ...]


def replace_all(
    store: Calls,
    mask: CallMask,
    find: str,
    put: str,
    *,
    author: str,
    call_ids: Sequence[int] | None = None,
    dry_run: bool = False,
) -> Replaced:
    """Writes `find` as `put`, letter by letter, in the newest transcripts, of the named calls or of all. Raises
    BadInput for nothing to look for."""
    if not find.strip() or find == put:
        raise BadInput("say what to look for, and what to write instead")
    if call_ids is None:
        call_ids = [call.call_id for call in store.list(text=find, limit=1_000_000)]
    shown: list[Found] = []
    calls = sentences = 0
    for call_id in dict.fromkeys(call_ids):
        before = store.get(call_id).transcript
        if before is None:
            continue
        after, indexes = replaced(before, find, put)
        if not indexes:
            continue
        calls, sentences = calls + 1, sentences + len(indexes)
        for index in indexes[: _SHOWN - len(shown)]:
            texts = [mask.text(transcript.segments[index].text) for transcript in (before, after)]
            shown.append(Found(call_id, index, *texts))
        if not dry_run:
            store.revise(call_id, author, lambda newest: _replaced(newest, find, put))
    return Replaced(calls, sentences, tuple(shown))


def _replaced(newest: Transcript | None, find: str, put: str) -> Transcript:
    assert newest is not None  # a call that had a transcript keeps one
    return replaced(newest, find, put)[0]
