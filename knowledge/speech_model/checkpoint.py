"""The file that openai-whisper loads: {"dims", "model_state_dict"}, half precision, 26 MB.

Most of it is the token embedding, which whisper's format wants for all 51,865 tokens.
"""

from pathlib import Path
from typing import Any

from knowledge.errors import BadInput
from knowledge.speech_model.network import Network
from knowledge.speech_model.vocabulary import SIZE

__all__ = ["load_state", "save_checkpoint", "save_state"]


def save_checkpoint(network: Network, path: Path) -> None:
    """Writes the weights for whisper.load_model(path); a file of that name is replaced when the new one is whole."""
    weights = {name: value.detach().clone() for name, value in network.whisper.state_dict().items()}
    embedding = network.beside["unused"].detach().repeat(SIZE, 1)
    embedding[list(network.vocabulary.used)] = network.embedding().detach()
    weights["decoder.token_embedding.weight"] = embedding
    half = {name: value.half() for name, value in weights.items()}
    _write({"dims": network.size.dimensions(), "model_state_dict": half}, path)


def save_state(network: Network, phonemes: dict[str, int], path: Path) -> None:
    """Writes what is needed to go on training."""
    _write(network.state() | {"phonemes": phonemes}, path)


def load_state(path: Path) -> dict[str, Any]:
    """What save_state wrote. Raises BadInput for another file."""
    import pickle

    import torch

    try:
        state = torch.load(path, weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise BadInput(f"{path} cannot be read as a state of this training; give one that --state wrote") from error
    if not isinstance(state, dict) or not {"whisper", "beside", "embedding", "used", "phonemes", "size"} <= set(state):
        raise BadInput(f"{path} is not a state of this training; give one that --state wrote")
    return state


def _write(content: dict[str, Any], path: Path) -> None:
    import torch

    beside = path.with_name(path.name + ".part")
    try:
        torch.save(content, beside)
        beside.replace(path)
    except (OSError, RuntimeError) as error:
        raise BadInput(f"{path} cannot be written ({error}); choose another place") from error
