"""A hotline over a data folder, with the fake transcriber in real worker processes. Run as a program it works on
what is there until it is killed: `python tests/fake_hotline.py HOME`."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from fake_transcriber import fake_hear, fake_probe, open_fake

from assistant.callintake import CallIntake
from assistant.calljobs import CallJobs, Understand, Understood
from assistant.callmask import CallMask
from assistant.callplan import CallPlan, Model
from assistant.callworker import Hear, OneProcess, Opening
from assistant.democalls import DemoCalls
from assistant.hotline import Hotline
from knowledge.call import Call
from knowledge.call_log import CallLog
from knowledge.call_queue import CallQueue
from knowledge.calls import Calls
from knowledge.database import open_database
from knowledge.recordings import Recordings
from knowledge.transcriber import Sound

MODEL = Model(Opening(open_fake))
NO_MODEL = "no speech model is at hand: fetch one"


def understand(call: Call) -> Understood:
    """Urgent where the words say so; a text of which nothing can be made is a mistake."""
    assert call.transcript is not None
    text = call.transcript.text()
    if "妄" in text:
        raise ZeroDivisionError("a mistake")
    return Understood(f'{{"asked": "{text}"}}', "急" in text, "flood.underpass", "wangjiang")


def mask_phones(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(text.replace("13800001234", "［电话］") for text in texts)


def fake_sound(path: Path) -> Iterator[Sound]:
    """One and a half seconds, as loud as the file is long."""
    for seconds in (1, 0.5):
        yield np.full((1, int(seconds * 16_000)), path.stat().st_size % 100 / 100, np.float32)


@dataclass
class Fakes:
    """What can be changed while the hotline runs."""

    model: Model | str = field(default_factory=lambda: MODEL)


def open_fake_hotline(
    home: Path,
    fakes: Fakes | None = None,
    *,
    workers: int = 1,
    understanding: Understand | None = understand,
    executor: Callable[[], Executor] = OneProcess,
    demo: DemoCalls | None = None,
    hear: Hear = fake_hear,
    probe: Callable[[Path], Any] = fake_probe,
) -> Hotline:
    fakes = fakes or Fakes()
    engine = open_database(str(home / "precedent.sqlite"))
    recordings = Recordings(home / "recordings")
    demo = demo or DemoCalls(())
    plan = CallPlan(lambda: fakes.model, hear, probe, demo.reference)
    queue, store = CallQueue(engine), Calls(engine)
    jobs = CallJobs(queue, recordings, plan, understanding, executor=executor, workers=workers, look_s=0.2, poll_s=0.1)
    return Hotline(
        store=store,
        queue=queue,
        log=CallLog(engine),
        intake=CallIntake(store, recordings, demo),
        jobs=jobs,
        mask=CallMask(mask_phones),
        sound_of=fake_sound,
    )


if __name__ == "__main__":
    hotline = open_fake_hotline(Path(sys.argv[1]))
    hotline.jobs.start()
    print("working", flush=True)
    while True:
        time.sleep(1)
