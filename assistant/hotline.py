"""The hotline: the one door to calls. It takes recordings and transcripts in, shows, corrects, joins and counts calls.

Personal data are masked unless somebody gives a reason, which is written down. The work itself is done by `calljobs`;
pages, API and commands call only this.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Unpack
from uuid import uuid4

from assistant.answer import CallEvidence, Situation
from assistant.callediting import corrected, labelled
from assistant.callintake import Arrival, CallIntake
from assistant.calljobs import CallJobs
from assistant.callmask import CallMask
from assistant.callplan import Model
from assistant.callreplacing import Replaced, replace_all
from assistant.callstatistics import CallStatistics, call_statistics
from assistant.moment import CITY_ZONE
from knowledge.attached import read_attached
from knowledge.call import Call, CallState, Channel, Recording, Transcript
from knowledge.call_log import CallLog, Correction, Reveal
from knowledge.call_queue import CallQueue
from knowledge.calls import Calls, TranscriptVersion
from knowledge.errors import BadInput, NotFound
from knowledge.playable import is_playable, write_wav
from knowledge.recordings import Kept, Writer, display_name
from knowledge.subtitles import export
from knowledge.text import MAX_QUESTION
from knowledge.transcriber import Sound
from knowledge.waveform import Waveform, waveform

__all__ = ["Audio", "Hotline"]

_QUESTION = 600  # characters of a call's own words that make a question


@dataclass(frozen=True)
class Audio:
    """A recording to play: where it lies and its media type."""

    path: Path
    media_type: str
    name: str


@dataclass(frozen=True)
class Hotline:
    """One per process; safe to use from several threads. `sound_of` decodes a recording block by block; `related_to`
    finds earlier calls and cases on the same matter, `question_of` turns what was understood into a question,
    `evidence_of` finds what was said of a situation; these are left out where nothing can be understood."""

    store: Calls
    queue: CallQueue
    log: CallLog
    intake: CallIntake
    jobs: CallJobs
    mask: CallMask
    sound_of: Callable[[Path], Iterable[Sound]]
    related_to: Callable[[Call, datetime], Sequence[Any]] | None = None
    question_of: Callable[[Call], str] | None = None
    evidence_of: Callable[[Situation], Sequence[CallEvidence]] | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    # taking in

    def writer(self, name: str) -> Writer:
        """A recording that comes piece by piece; what it gives at its end goes into `take`."""
        return self.intake.recordings.writer(name)

    def receive(
        self, source: Path | BinaryIO, name: str | None = None, **arrival: Unpack[Arrival]
    ) -> tuple[Call, bool]:  # fmt: skip
        """The call of a recording, or of a transcript as its name ends, and whether it is new. Raises BadInput for a
        file that cannot be read, that is empty or too large; Fault for a full disk."""
        return self._taken(self.intake.receive(source, name, **arrival))

    def take(self, kept: Kept, **arrival: Unpack[Arrival]) -> tuple[Call, bool]:
        """The call of a recording that is kept already, and whether it is new."""
        return self._taken(self.intake.take(kept, **arrival))

    def receive_transcript(self, content: bytes, name: str, **arrival: Unpack[Arrival]) -> tuple[Call, bool]:
        """The call of a transcript that comes without a recording, and whether it is new. Raises BadInput where it
        cannot be read."""
        return self._taken(self.intake.receive_transcript(content, name, **arrival))

    def _taken(self, taken: tuple[Call, bool]) -> tuple[Call, bool]:
        self.jobs.poke()
        return self.mask.call(taken[0]), taken[1]

    # showing

    def calls(
        self,
        *,
        states: Sequence[CallState] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        text: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[Call, ...]:
        """Calls without their transcripts, urgent ones on top, then the newest first."""
        found = self.store.list(states=states, since=since, until=until, text=text, limit=limit, offset=offset)
        return tuple(self.mask.call(call) for call in found)

    def model(self) -> Model | str:
        """The speech model at hand, or the sentence that says what to do to get one."""
        return self.jobs.model()

    def counts(self) -> dict[CallState, int]:
        """How many calls are in each state."""
        return self.store.counts()

    def call(self, call_id: int) -> Call:
        """One call with its transcript. Raises NotFound."""
        return self.mask.call(self.store.get(call_id))

    def versions(self, call_id: int) -> tuple[TranscriptVersion, ...]:
        """Every version of the transcript, oldest first. Raises NotFound."""
        return tuple(
            TranscriptVersion(v.version, v.author, v.written_at, self.mask.transcript(v.transcript))
            for v in self.store.transcripts(call_id)
        )

    def reveal(self, call_id: int, *, actor: str, reason: str) -> Call:
        """The call as it is, after writing down who looked and why. Raises BadInput without a name or a reason."""
        return self.log.reveal(call_id, actor=actor, reason=reason)

    def reveals(self, call_id: int) -> tuple[Reveal, ...]:
        """Who looked behind the masks, oldest first."""
        return self.log.reveals(call_id)

    def audio(self, call_id: int) -> Audio:
        """The recording of a call, as a browser plays it: one that it would not is made a WAV file, once. Raises
        NotFound where the call has none, BadInput where it cannot be decoded."""
        recording = self._recording(call_id)
        path, name = self.intake.recordings.path(recording.sha256), self.mask.text(recording.name)
        media_type = self.intake.recordings.media_type(recording.sha256)
        if is_playable(media_type, recording.codec) or recording.codec is None:
            return Audio(path, media_type, name)
        made = path.with_suffix(".wav")
        if not made.is_file():
            fresh = path.with_suffix(f".{uuid4().hex}.part")
            try:
                write_wav(self.sound_of(path), fresh)
                fresh.replace(made)
            finally:
                fresh.unlink(missing_ok=True)
        return Audio(made, "audio/wav", f"{name}.wav")

    def waveform(self, call_id: int) -> Waveform:
        """The shape of the recording, kept beside it when it was drawn once. Raises NotFound where the call has none,
        BadInput where it cannot be decoded."""
        recording = self._recording(call_id)
        kept = self.intake.recordings.beside(recording.sha256, ".waveform")
        if kept.is_file():
            return Waveform.from_bytes(kept.read_bytes())
        shape = waveform(self.sound_of(self.intake.recordings.path(recording.sha256)))
        fresh = kept.with_suffix(f".{uuid4().hex}.part")
        fresh.write_bytes(shape.as_bytes())
        fresh.replace(kept)
        return shape

    def _recording(self, call_id: int) -> Recording:
        recording = self.store.get(call_id).recording
        if recording is None:
            raise NotFound(f"call {call_id} has no recording: it came as a transcript; read its text")
        return recording

    def export(self, call_id: int, format: str, *, language: str | None = None) -> tuple[bytes, str]:
        """The masked transcript as a file, with its media type. Raises BadInput for a call without one."""
        call = self.call(call_id)
        if call.transcript is None:
            raise BadInput(f"call {call_id} has no transcript yet; wait for it, or attach one")
        return export(call.transcript, format, title=_title(call), language=language)

    # moving on

    def cancel(self, call_id: int) -> None:
        """Ends the work on a call. Raises BadInput for one that is ready or has failed."""
        self.queue.cancel(call_id)

    def retry(self, call_id: int) -> None:
        """Begins again with a call that rests. Raises BadInput where work is under way."""
        self.queue.retry(call_id)
        self.jobs.poke()

    def try_demo(self, call_id: int) -> None:
        """As `retry`, and the demonstration model may be tried on this call."""
        self.queue.retry(call_id, demo_model=True)
        self.jobs.poke()

    def attach(self, call_id: int, content: bytes, name: str, *, author: str) -> int:
        """Gives a call the transcript in a file, or a typed one (`name` ends in .txt); gives its version."""
        version = self.store.keep_transcript(call_id, read_attached(content, display_name(name)), author)
        self.jobs.poke()
        return version

    # correcting

    def correct(self, call_id: int, index: int, text: str, *, author: str, version: int | None = None) -> int:
        """Gives a sentence another text (empty: takes it out); masks that still stand in it mean what they meant.
        Gives the version. Raises BadInput where the newest version is not `version`, if one is named."""

        def edit(transcript: Transcript | None) -> Transcript:
            known = transcript is not None and 0 <= index < len(transcript.segments)
            written = self.mask.restored(text, transcript, index) if transcript is not None and known else text
            return corrected(transcript, index, written)

        return self._revised(call_id, author, edit, version)

    def label(self, call_id: int, index: int, channel: Channel, *, author: str, version: int | None = None) -> int:
        """Says who speaks a sentence; gives the version. Raises as `correct` does."""
        return self._revised(call_id, author, lambda transcript: labelled(transcript, index, channel), version)

    def _revised(
        self, call_id: int, author: str, edit: Callable[[Transcript | None], Transcript], version: int | None
    ) -> int:
        written = self.store.revise(call_id, author, edit, version=version)
        self.jobs.poke()
        return written

    def replace_all(
        self, find: str, put: str, *, author: str, call_ids: Sequence[int] | None = None, dry_run: bool = False
    ) -> Replaced:
        """Writes `find` as `put` in the newest transcripts, of the named calls or of all. Raises BadInput for nothing
        to look for."""
        done = replace_all(self.store, self.mask, find, put, author=author, call_ids=call_ids, dry_run=dry_run)
        self.jobs.poke()
        return done

    def corrections(self) -> tuple[Correction, ...]:
        """What people corrected, unmasked: pairs for hot words and fine-tuning, not for showing."""
        return tuple(self.log.corrections())

    # understanding

    def related(self, call_id: int) -> tuple[Any, ...]:
        """Earlier calls and cases on the same matter, with reasons; none where nothing can be understood."""
        if self.related_to is None:
            return ()
        return tuple(self.related_to(self.store.get(call_id), self.clock()))

    def evidence(self, situation: Situation) -> tuple[CallEvidence, ...]:
        """What citizens said of a situation, masked, the best first; none where no call comes near."""
        if self.evidence_of is None or not self.store.counts().get(CallState.READY):
            return ()
        return tuple(
            found.model_copy(
                update={"sentence": self.mask.said(found.sentence, self.store.get(found.call_id).transcript)}
            )
            for found in self.evidence_of(situation)
        )

    def join(self, call_ids: Sequence[int]) -> int:
        """Makes calls one matter; gives its id."""
        return self.store.join(call_ids)

    def part(self, call_id: int) -> None:
        """Takes a call out of its matter again. Raises NotFound."""
        self.store.part(call_id)

    def question(self, call_id: int) -> str:
        """The call as a question to the assistant, masked. Raises BadInput where there is no transcript."""
        call = self.store.get(call_id)
        if call.transcript is None:
            raise BadInput(f"call {call_id} has no transcript yet; wait for it, or attach one")
        told = self.question_of(call) if self.question_of and call.reading else ""
        words = call.transcript.text(Channel.CALLER) or call.transcript.text()
        return self.mask.text(told or words[:_QUESTION])[:MAX_QUESTION]

    def statistics(self, since: datetime | None = None, until: datetime | None = None) -> CallStatistics:
        """The numbers of the calls received from `since` on and before `until`."""
        return call_statistics(self.log.facts(since, until), CITY_ZONE)


def _title(call: Call) -> str:
    name = call.external_id or (call.recording.name if call.recording else "")
    return f"{name or call.call_id} · {call.received_at.astimezone(CITY_ZONE):%Y-%m-%d %H:%M}"
