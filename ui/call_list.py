"""Which calls a person wants to see, and those calls with what was understood: what the list of calls is drawn from.

A wish is read from the address and written into it. Everything comes masked from the hotline, and is kept as long as
the call does not change, since masking and reading take time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from threading import Lock
from urllib.parse import urlencode

from pydantic import ValidationError

from assistant.callreading import CallReading
from assistant.hotline import Hotline
from knowledge.call import Call, CallState
from knowledge.text import clean
from ui.call_wording import AT_WORK
from ui.wording import CITY_TIME

__all__ = ["PAGE", "STATES", "CallList", "Listed", "Wish", "read_day"]

PAGE = 25  # calls on a page
STATES: dict[str, tuple[CallState, ...]] = {
    "busy": AT_WORK,
    **{state.value: (state,) for state in (CallState.WAITING, CallState.READY, CallState.FAILED, CallState.CANCELLED)},
}
_KEPT = 2_000
_LONGEST = 200  # characters that are searched for
_LAST_PAGE = 100_000


@dataclass(frozen=True)
class Wish:
    """What is looked for: words, a key of STATES (empty: any), a day of the city, urgent calls only; which page."""

    text: str = ""
    state: str = ""
    day: date | None = None
    urgent: bool = False
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "Wish":
        """From the parameters of an address; what makes no sense is left out.

        >>> Wish.read({"text": " 井盖 ", "state": "odd", "day": "2026-11-31", "page": "-2"})
        Wish(text='井盖', state='', day=None, urgent=False, page=1)
        """
        state, page = query.get("state", ""), query.get("page", "")
        return cls(
            text=clean(query.get("text", ""))[:_LONGEST],
            state=state if state in STATES else "",
            day=read_day(query.get("day", "")),
            urgent=query.get("urgent") == "1",
            page=min(max(int(page), 1), _LAST_PAGE) if page.isascii() and page.isdigit() else 1,
        )

    @property
    def is_open(self) -> bool:
        """Whether every call is wanted."""
        return replace(self, page=1) == Wish()

    def address(self, page: int = 1) -> str:
        """The address of a page of these calls.

        >>> Wish(state="ready", urgent=True).address(2)
        '/hotline?state=ready&urgent=1&page=2'
        """
        said = {
            "text": self.text,
            "state": self.state,
            "day": self.day.isoformat() if self.day else "",
            "urgent": "1" if self.urgent else "",
            "page": str(page) if page > 1 else "",
        }
        query = urlencode({name: value for name, value in said.items() if value})
        return f"/hotline?{query}" if query else "/hotline"


def read_day(text: str) -> date | None:
    """A day written as 2026-11-20; None for anything else."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


@dataclass(frozen=True)
class Listed:
    """A masked call, what was understood of it (None before that), and how many sentences were heard badly."""

    call: Call
    reading: CallReading | None = None
    doubtful: int = 0


@dataclass
class CallList:
    """The calls of one hotline as a list shows them; safe to use from several threads."""

    hotline: Hotline
    _kept: dict[int, Listed] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def find(self, wish: Wish) -> tuple[tuple[Listed, ...], bool]:
        """The calls of one page, urgent ones first, then the newest; and whether there is a page after it."""
        since, until = _span(wish.day)
        found = self.hotline.store.list(
            states=STATES.get(wish.state), since=since, until=until, text=wish.text or None, limit=PAGE + 1,
            offset=(wish.page - 1) * PAGE,
        )  # fmt: skip
        wanted = [call for call in found if call.urgent] if wish.urgent else list(found)  # urgent ones come first
        return self._listed(wanted[:PAGE]), len(wanted) > PAGE

    def urgent(self, limit: int = 20) -> tuple[Listed, ...]:
        """The newest urgent calls."""
        return self._listed([call for call in self.hotline.store.list(limit=limit) if call.urgent])

    def _listed(self, calls: Sequence[Call]) -> tuple[Listed, ...]:
        """The calls with the progress that they have now, masked; what was shown before is not masked again."""
        return tuple(self._one(call) for call in calls)

    def _one(self, light: Call) -> Listed:
        with self._lock:
            kept = self._kept.get(light.call_id)
        if kept is None or kept.call.change != light.change:
            kept = _listed(self.hotline.call(light.call_id))
            with self._lock:
                if len(self._kept) >= _KEPT:
                    self._kept.clear()
                self._kept[light.call_id] = kept
        return Listed(_moved(kept.call, light), kept.reading, kept.doubtful)


def _moved(call: Call, light: Call) -> Call:
    """The call as far as it is now: progress and length are no change of a call."""
    if call.change != light.change:  # it changed after the list was read: it is newer
        return call
    recording = call.recording
    if recording is not None and light.recording is not None:
        recording = recording.model_copy(update={"duration_s": light.recording.duration_s})
    return call.model_copy(update={"state": light.state, "progress_s": light.progress_s, "recording": recording})


def _listed(call: Call) -> Listed:
    doubtful = sum(segment.doubtful for segment in call.transcript.segments) if call.transcript else 0
    try:
        reading = CallReading.model_validate_json(call.reading) if call.reading else None
    except ValidationError:  # written by another version of the reader: the call is read anew with its next change
        reading = None
    return Listed(call, reading, doubtful)


def _span(day: date | None) -> tuple[datetime | None, datetime | None]:
    if day is None:
        return None, None
    begins = datetime(day.year, day.month, day.day, tzinfo=CITY_TIME)
    return begins, begins + timedelta(days=1) if day < date.max else None
