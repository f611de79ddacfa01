"""The parts of the hotline put together; what is heavy is built when the first call needs it. The settings come from
`wiring`."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path

from sqlalchemy import Engine

from assistant.answer import Match, Situation
from assistant.callintake import CallIntake
from assistant.calljobs import CallJobs
from assistant.callmask import CallMask
from assistant.callplan import CallPlan
from assistant.callreading import CallReader
from assistant.callsense import CallSense
from assistant.callworker import OneProcess
from assistant.democalls import DemoCalls
from assistant.desk import Desk
from assistant.hotline import Hotline
from assistant.hotwords import hot_words
from assistant.samematter import SameMatter
from assistant.speech import Speech
from knowledge.audio import blocks, probe
from knowledge.call_log import CallLog
from knowledge.call_queue import CallQueue
from knowledge.callindex import CallIndex
from knowledge.calls import Calls
from knowledge.hearing import hear
from knowledge.places import Gazetteer
from knowledge.privacy import mask_all
from knowledge.recordings import Recordings
from knowledge.taxonomy import Taxonomy

__all__ = ["open_hotline"]


def open_hotline(
    home: Path,
    engine: Engine,
    speech: Speech,
    desk: Callable[[], Desk],
    *,
    taxonomy: Taxonomy,
    gazetteer: Gazetteer,
    workers: int,
) -> Hotline:
    """The hotline of a data folder. It works on calls once its jobs are started."""
    store, queue, log = Calls(engine), CallQueue(engine), CallLog(engine)
    recordings, demo = Recordings(home / "recordings"), DemoCalls()
    sense = _sense(home, store, desk)
    names = [*(d.zh for d in taxonomy.departments), *(p.zh for p in gazetteer.places)]
    plan = CallPlan(
        choose=speech.model,
        hear=hear,
        probe=probe,
        reference=demo.reference,
        words=lambda: hot_words(names, log.corrections()),
    )
    return Hotline(
        store=store,
        queue=queue,
        log=log,
        intake=CallIntake(store, recordings, demo),
        jobs=CallJobs(queue, recordings, plan, sense.understand, executor=OneProcess, workers=workers),
        mask=CallMask(lru_cache(maxsize=2_000)(partial(mask_all, gazetteer=gazetteer))),  # lists are looked at often
        sound_of=blocks,
        related_to=sense.related,
        question_of=sense.question,
        evidence_of=sense.evidence,
    )


def _sense(home: Path, store: Calls, desk: Callable[[], Desk]) -> CallSense:
    @lru_cache(maxsize=1)
    def reader() -> CallReader:
        return CallReader(desk().understanding)

    @lru_cache(maxsize=1)
    def matter() -> SameMatter:
        index = CallIndex(desk().gazetteer, desk().understanding.meaning, home / "copies" / "calls")
        return SameMatter(index, store, near)

    def near(situation: Situation, now: datetime) -> Sequence[Match]:
        return desk().match(situation.text, top=8)[2] if situation.text.strip() else ()

    return CallSense(reader, matter)
