"""Features out of sound: a Whisper encoder over windows as long as they are wanted, each encoded once.

openai-whisper's own encoder takes 30 s only, most of it silence where a window is short. How long a window must look to
a model, and what is read from the features, is not known here.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from knowledge.transcriber import SAMPLE_RATE, Sound

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["FRAME", "REMEMBERED_S", "Encoder"]

FRAME = 320  # samples of a frame of features
REMEMBERED_S = 480.0  # seconds of windows whose features are kept, so that all readings of a window encode it once


class Encoder:
    """The encoder of a model of openai-whisper. Several threads may ask it at the same time."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._known: OrderedDict[bytes, Tensor] = OrderedDict()
        self._lock = Lock()

    def __call__(self, windows: Sequence[Sound], sizes: Sequence[int]) -> list["Tensor"]:
        """The features (frames, width) of each window, filled with silence or cut to so many samples (30 s at most).
        Those of the last windows are remembered."""
        keys = [
            hashlib.blake2b(window.tobytes() + str(size).encode(), digest_size=16).digest()
            for window, size in zip(windows, sizes, strict=True)
        ]
        with self._lock:
            known = {key: self._known[key] for key in keys if key in self._known}
        new: dict[int, dict[bytes, Sound]] = {}
        for key, window, size in zip(keys, windows, sizes, strict=True):
            if key not in known:
                new.setdefault(size, {})[key] = window
        for size, some in new.items():
            known |= dict(zip(some, self._encoded(list(some.values()), size), strict=True))
        with self._lock:
            for key in keys:
                self._known[key] = known[key]
                self._known.move_to_end(key)
            while sum(map(len, self._known.values())) > REMEMBERED_S * SAMPLE_RATE / FRAME:
                self._known.popitem(last=False)
        return [known[key] for key in keys]

    def _encoded(self, windows: Sequence[Sound], size: int) -> list["Tensor"]:
        """Of windows of one size."""
        import torch
        from torch.nn.functional import gelu
        from whisper.audio import log_mel_spectrogram, pad_or_trim

        encoder = self._model.encoder
        padded = [pad_or_trim(np.ascontiguousarray(window, dtype=np.float32), size) for window in windows]
        with torch.inference_mode():
            mels = torch.stack([log_mel_spectrogram(sound, self._model.dims.n_mels) for sound in padded])
            found = gelu(encoder.conv2(gelu(encoder.conv1(mels)))).permute(0, 2, 1)
            found = found + encoder.positional_embedding[: found.shape[1]]
            for block in encoder.blocks:
                found = block(found)
            return [features.clone() for features in encoder.ln_post(found)]
