"""Fine-tuning of a sentence-transformers model on pairs of texts that belong together. Where the pairs come from, and
whether the result is any good, is not known here.

The heavy imports happen when training begins.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from knowledge.errors import BadInput, Fault
from knowledge.sentence_embedder import FOREIGN, quieten

__all__ = ["Pair", "Training", "check_packages", "train"]

PACKAGES = ("sentence_transformers", "datasets", "accelerate")


@dataclass(frozen=True)
class Pair:
    """A question with a text that answers it and, where one is known, a text that looks like an answer and is none."""

    question: str
    wanted: str
    unwanted: str = ""


@dataclass(frozen=True)
class Training:
    """How a model is trained. The learning rate rises over the first tenth of the steps, then falls to 0; on one
    machine the same seed and pairs give the same weights."""

    epochs: int = 1
    learning_rate: float = 2e-5
    batch: int = 32
    seed: int = 7


def check_packages() -> None:
    """Raises BadInput where a package that training needs is not installed."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise BadInput(f"training needs {', '.join(missing)}; run `pip install precedent[tune]`, then try again")


def train(
    base: str, pairs: Sequence[Pair], folder: Path, training: Training, progress: Callable[[int, int], None] | None
) -> None:
    """Trains the model `base` (a name or a folder, which is only read) and saves the result in `folder`. `progress`
    gets (steps done, all steps). Raises BadInput for a missing package, Fault where the model cannot be loaded or
    trained."""
    check_packages()
    logger = logging.getLogger("sentence_transformers")
    before = logger.level
    try:
        from safetensors import SafetensorError

        quieten()
        logger.setLevel(logging.ERROR)
        _train(base, pairs, folder, training, progress)
    except (SafetensorError, *FOREIGN) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise Fault(
            f"the embedding model {base} cannot be trained ({said}); check that it is a sentence-transformers model "
            "that fits into the memory, or name another with --from"
        ) from error
    finally:
        logger.setLevel(before)


def _train(
    base: str, pairs: Sequence[Pair], folder: Path, training: Training, progress: Callable[[int, int], None] | None
) -> None:
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
    from transformers import PrinterCallback, TrainerCallback, set_seed

    class Trainer(SentenceTransformerTrainer):
        def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
            """No model card: it would quote the officials' questions, and ask the model hub about the base."""

    class Progress(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_rest: Any) -> None:
            if progress:
                progress(state.global_step, state.max_steps)

    set_seed(training.seed)
    model = SentenceTransformer(base, device="cpu")
    trainer = Trainer(
        model=model,
        args=SentenceTransformerTrainingArguments(
            output_dir=str(folder),
            num_train_epochs=training.epochs,
            learning_rate=training.learning_rate,
            warmup_steps=0.1,
            per_device_train_batch_size=training.batch,
            batch_sampler="no_duplicates",  # a text that stands twice in a batch would be its own counter-example
            multi_dataset_batch_sampler="proportional",
            seed=training.seed,
            data_seed=training.seed,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
            dataloader_pin_memory=False,
        ),
        train_dataset=_columns(pairs),
        loss=MultipleNegativesRankingLoss(model),
        callbacks=[Progress()],
    )
    trainer.remove_callback(PrinterCallback)  # it writes to standard output
    trainer.train()
    model.save_pretrained(str(folder), create_model_card=False)


def _columns(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Pairs with and without an unwanted text have different columns, so they are two sets, drawn from by size."""
    from datasets import Dataset

    threes = [pair for pair in pairs if pair.unwanted]
    twos = [pair for pair in pairs if not pair.unwanted]
    columns = {
        "pairs": {"question": [p.question for p in twos], "wanted": [p.wanted for p in twos]},
        "rejected": {
            "question": [p.question for p in threes],
            "wanted": [p.wanted for p in threes],
            "unwanted": [p.unwanted for p in threes],
        },
    }
    return {name: Dataset.from_dict(values) for name, values in columns.items() if values["question"]}
