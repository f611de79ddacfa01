"""Speech at hand: which model hears recordings, in which order models are looked for, and hearing one file by itself.

It keeps nothing. What a transcript means is not known here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from assistant.callplan import DEMO_ONLY, Model
from assistant.callworker import Opening
from assistant.speechfetch import SpeechFetch
from knowledge.call import Transcript
from knowledge.checkpoints import NoModel, choose, official_name, open_transcriber
from knowledge.errors import BadInput
from knowledge.hearing import hear
from knowledge.weights import pull

__all__ = ["Speech"]


@dataclass(frozen=True)
class Speech:
    """The models of a data folder. `configured` is the name or file of a checkpoint, empty for the best at hand;
    `download` is the official name of weights to fetch where there are none for real recordings, empty for none."""

    home: Path
    configured: str = ""
    threads: int = 2
    download: str = ""

    @cached_property
    def _fetch(self) -> SpeechFetch:
        return SpeechFetch(self.download if not self.configured else "", self.pull)

    def model(self, name: str = "") -> Model | str:
        """The best model at hand, or the one that is named; where there is none, the sentence that says what to do."""
        chosen = choose(self.home, name or self.configured, demo=True)  # whether it may hear a call, the plan decides
        if isinstance(chosen, NoModel):
            said = self._fetch()
            return f"{chosen.reason} ({said})" if said else chosen.reason
        if chosen.demo:
            self._fetch()
        return Model(Opening(open_transcriber, (chosen, self.threads)), demo=chosen.demo, name=chosen.name)

    def pull(self, name: str, progress: Callable[[int, int], None] | None = None) -> Path:
        """Fetches official weights into the data folder, telling bytes and how many there are. Raises BadInput for a
        name that is not known, Fault where there is no network."""
        return pull(official_name(name), self.home / "models", progress=progress)

    def transcribe(
        self, path: Path, *, name: str = "", demo_model: bool = False, prompt: str = "",
        progress: Callable[[float], None] | None = None,
    ) -> Transcript:  # fmt: skip
        """What is said in one recording. Raises BadInput for a recording that cannot be heard, and where there is no
        model that may hear it."""
        model = self.model(name)
        if isinstance(model, str):
            raise BadInput(model)
        if model.demo and not demo_model:
            raise BadInput(f"{DEMO_ONLY} (with --demo-model)")
        return hear(path, model.opening(), prompt=prompt, progress=progress)
