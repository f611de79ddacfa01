"""What a call means, for the hotline: its reading, what else is on the same matter, and the question that it makes.

It joins the reader of calls, the index of calls and the desk, and is built when the first call is read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from assistant.answer import CallEvidence, Situation
from assistant.calljobs import Understood
from assistant.callreading import CallReader, CallReading
from assistant.samematter import Related, SameMatter
from knowledge.call import Call

__all__ = ["CallSense"]


@dataclass(frozen=True)
class CallSense:
    """`reader` and `matter` are made when they are first needed."""

    reader: Callable[[], CallReader]
    matter: Callable[[], SameMatter]

    def understand(self, call: Call) -> Understood:
        """The reading of a call, with what calls are sorted and counted by."""
        reading = self.reader()(call)
        situation = reading.situation
        category = None if situation.unclear or situation.category is None else situation.category.value
        district = situation.district.value if situation.district else None
        return Understood(reading.model_dump_json(), reading.urgent, category, district)

    def related(self, call: Call, now: datetime) -> tuple[Related, ...]:
        """Earlier calls and cases on the same matter; the index of calls is brought up to date first."""
        matter = self.matter()
        matter.index.sync(matter.source)
        situation = CallReading.model_validate_json(call.reading).situation if call.reading else None
        return matter(call, now, situation=situation)

    def evidence(self, situation: Situation) -> tuple[CallEvidence, ...]:
        """What citizens said of it on the hotline, unmasked; the index of calls is brought up to date first."""
        matter = self.matter()
        matter.index.sync(matter.source)
        return matter.related_calls(situation)

    def question(self, call: Call) -> str:
        """What was said of the matter, sentence by sentence: the summary, and what is asked. Unmasked."""
        reading = CallReading.model_validate_json(call.reading)
        told = [*reading.summary, *([reading.asked] if reading.asked else [])]
        texts = {(saying.start, saying.segment, saying.text) for saying in told}
        return "".join(text for _, _, text in sorted(texts)) or reading.situation.text
