"""Training: from sentences to weights, in two processes of one thread each.

Three stages, by the clock: the encoder alone learns to name sounds; then everything together on single sentences, most
of them random words; then on windows as whisper feeds them. Progress goes to the log. It measures nothing but the loss;
see gate.
"""

import logging
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from knowledge.speech_model.checkpoint import load_state, save_checkpoint, save_state
from knowledge.speech_model.corpus import KINDS, read_corpus
from knowledge.speech_model.examples import Example, make_examples, phoneme_numbers
from knowledge.speech_model.network import Losses, Network, Size
from knowledge.speech_model.vocabulary import vocabulary_of
from knowledge.speech_model.window import FULL, Batch, Reader

__all__ = ["STAGES", "Optimisers", "Plan", "Stage", "draw_batch", "rate", "train"]

logger = logging.getLogger(__name__)

_SAVE_EVERY = 300.0  # seconds
_TELL_EVERY = 50  # steps
_WARM_UP = 100  # steps


@dataclass(frozen=True)
class Stage:
    """`share` of the time; `words`: whether the decoder learns too; `random_words`: the share of such sentences (None:
    as they were made); `windows`: whether there are windows of several sentences."""

    share: float
    words: bool
    random_words: float | None
    windows: bool


STAGES = (Stage(0.30, False, None, False), Stage(0.25, True, 0.62, False), Stage(0.45, True, None, True))


@dataclass(frozen=True)
class Plan:
    """What to train, and for how long in all. `frames` of log mel in a batch of single sentences; `resume` a state to
    go on from, then only the last stage runs; `examples` for each process, fewer if making them takes a tenth of the
    time."""

    out: Path
    minutes: float = 150.0
    processes: int = 2
    examples: int = 20_000
    learning_rate: float = 1.4e-3
    frames: int = 4_200
    size: Size = field(default_factory=Size)
    resume: Path | None = None
    state: Path | None = None
    seed: int = 1

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that run; their shares add up to 1."""
        return STAGES if self.resume is None else (Stage(1.0, True, None, True),)


def rate(progress: float, *, step: int, hold: float = 0.4, last: float = 0.02) -> float:
    """The learning rate as a share of the highest: up in the first steps, level until `hold`, then a cosine to `last`.

    >>> [round(rate(p, step=1000), 2) for p in (0, 0.4, 0.7, 1)]
    [1.0, 1.0, 0.51, 0.02]
    """
    falling = max(0.0, (progress - hold) / (1 - hold))
    return min(1.0, (step + 1) / _WARM_UP) * (last + (1 - last) * 0.5 * (1 + math.cos(math.pi * falling)))


def draw_batch(reader: Reader, random: Random, *, windows: bool, frames: int) -> Batch:
    """Single sentences; with `windows` also short and full windows of several, and 3% without speech."""
    if not windows:
        return reader.singles(frames)
    short = 2 * random.randint(400, 700)
    draws: list[tuple[float, Callable[[], Batch]]] = [
        (20, lambda: reader.singles(frames)),
        (10, lambda: reader.windows(FULL, count=2, most=2)),
        (42, lambda: reader.windows(short, count=max(2, frames * 5 // 4 // short), most=4)),
        (25, lambda: reader.windows(FULL, count=2, most=12)),
        (3, lambda: reader.silent(count=2)),
    ]
    return random.choices([draw for _, draw in draws], [weight for weight, _ in draws])[0]()


class Optimisers:
    """Muon for matrices inside the layers, each process its share of them, and AdamW for the rest."""

    def __init__(self, network: Network, *, rank: int = 0, processes: int = 1) -> None:
        import torch

        self._matrices, self._others = network.parameters()
        self._rank, self._processes = rank, processes
        self._mine = self._matrices[rank::processes]
        self._parts = (
            torch.optim.Muon(self._mine, lr=1.0, weight_decay=0.01, momentum=0.95, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(self._others, lr=1.0, betas=(0.9, 0.98), weight_decay=0.0),
        )

    def step(self, loss: Any, learning_rate: float) -> None:
        """One step down the mean of all processes' losses."""
        import torch

        loss.backward()
        everything = [*self._matrices, *self._others]
        if self._processes > 1:
            _share([p.grad if p.grad is not None else torch.zeros_like(p) for p in everything], everything)
        torch.nn.utils.clip_grad_norm_(everything, 1.0)
        for part in self._parts:
            for group in part.param_groups:
                group["lr"] = learning_rate
            part.step()  # type: ignore[no-untyped-call]
        for parameter in everything:
            parameter.grad = None
        if self._processes > 1:
            self._exchange()

    def _exchange(self) -> None:
        """Every process sends the matrices that it has changed."""
        import torch
        from torch import distributed

        with torch.no_grad():
            mine = {id(p) for p in self._mine}
            joined = torch.cat([(p if id(p) in mine else torch.zeros_like(p)).flatten() for p in self._matrices])
            distributed.all_reduce(joined)
            for parameter, values in zip(self._matrices, _cut(joined, self._matrices), strict=True):
                parameter.copy_(values)


def _share(gradients: Sequence[Any], parameters: Sequence[Any]) -> None:
    """The mean gradient of all processes becomes that of the parameters."""
    import torch
    from torch import distributed

    joined = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(joined)
    joined /= distributed.get_world_size()
    for parameter, values in zip(parameters, _cut(joined, parameters), strict=True):
        parameter.grad = values


def _cut(joined: Any, like: Sequence[Any]) -> list[Any]:
    import torch

    parts = torch.split(joined, [p.numel() for p in like])
    return [part.view_as(p) for part, p in zip(parts, like, strict=True)]


def train(plan: Plan) -> None:
    """Trains as planned and writes the checkpoint to plan.out (the state to plan.state, if any), also now and then on
    the way. Raises BadInput where it cannot be written or resumed from."""
    from torch.multiprocessing.spawn import spawn

    began = time.time()
    if plan.resume is not None:
        load_state(plan.resume)  # a wrong file is told before anything is made
    if plan.processes == 1:
        _train_one(0, plan, began, "")
        return
    with tempfile.TemporaryDirectory() as folder:
        meeting = str(Path(folder) / "meeting")
        spawn(_train_one, args=(plan, began, meeting), nprocs=plan.processes)  # type: ignore[no-untyped-call]


def _train_one(rank: int, plan: Plan, began: float, meeting: str) -> None:
    """One of the processes; they meet in a file."""
    import torch
    from torch import distributed

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    torch.manual_seed(plan.seed)
    if plan.processes > 1:
        store = f"file://{meeting}"
        distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=plan.processes)
    try:
        _run(rank, plan, began)
    finally:
        if plan.processes > 1:
            distributed.destroy_process_group()


def _run(rank: int, plan: Plan, began: float) -> None:
    corpus, random = read_corpus(), Random(plan.seed * 1000 + rank)
    examples = make_examples(corpus, random, kinds=KINDS, count=plan.examples, seconds=plan.minutes * 6)
    phonemes = _agreed(phoneme_numbers(examples), plan.processes)
    vocabulary = vocabulary_of(corpus.characters)
    counts = {c: 1 + sum(text.count(c) for text in corpus.natural[::50]) for c in corpus.characters}
    state = load_state(plan.resume) if plan.resume is not None else None
    phonemes = dict(state["phonemes"]) if state else phonemes
    network = Network(plan.size, vocabulary, vocabulary.sounds(counts), phonemes=max(phonemes.values()))
    if state:
        network.restore(state)
    optimisers = Optimisers(network, rank=rank, processes=plan.processes)
    if rank == 0:
        hours = sum(len(e.mel) for e in examples) / 360_000
        logger.info("%d examples for each process, %.1f hours; %d tokens", len(examples), hours, len(vocabulary.used))
    clock = _Clock(time.time(), began + plan.minutes * 60, plan.processes)
    done, saved, step = 0.0, time.time(), 0
    for stage in plan.stages:
        reader = Reader(_chosen(examples, stage), vocabulary=vocabulary, phonemes=phonemes, random=random)
        while (progress := clock.progress()) < done + stage.share - 1e-9:
            within = (progress - done) / stage.share if len(plan.stages) > 1 else progress
            batch = draw_batch(reader, random, windows=stage.windows, frames=plan.frames)
            with _halved():
                guesses = stage.words and random.random() < 0.4 and progress > 0.4
                losses = network.losses(batch, words=stage.words, own_guesses=guesses)
            hold = 0.4 if stage is plan.stages[-1] else 1.0
            share = rate(min(within, 1.0), step=step, hold=hold) if hold < 1 else min(1.0, (step + 1) / _WARM_UP)
            optimisers.step(losses.total, plan.learning_rate * share)
            step += 1
            if rank == 0 and step % _TELL_EVERY == 0:
                _tell(step, progress, losses)
            if rank == 0 and time.time() - saved > _SAVE_EVERY:
                _save(network, phonemes, plan)
                saved = time.time()
        done += stage.share
    if rank == 0:
        _save(network, phonemes, plan)
        logger.info("wrote %s after %d steps", plan.out, step)


def _halved() -> Any:
    """Half precision (bfloat16) where the processor has it, which is three times as fast."""
    import torch

    return torch.autocast("cpu", dtype=torch.bfloat16)


@dataclass(frozen=True)
class _Clock:
    """How much of the time from `begin` to `end` is over, 0..1, the same for all processes."""

    begin: float
    end: float
    processes: int

    def progress(self) -> float:
        import torch
        from torch import distributed

        over = torch.tensor([min(1.0, (time.time() - self.begin) / max(1e-3, self.end - self.begin))])
        if self.processes > 1:
            distributed.broadcast(over, 0)
        return float(over)


def _agreed(phonemes: dict[str, int], processes: int) -> dict[str, int]:
    """The phonemes of all processes, numbered anew."""
    from torch import distributed

    names = [set(phonemes)]
    if processes > 1:
        names = [set()] * processes
        distributed.all_gather_object(names, set(phonemes))
    return {name: number for number, name in enumerate(sorted(set().union(*names)), 1)}


def _chosen(examples: Sequence[Example], stage: Stage) -> list[Example]:
    """The examples of a stage, with its share of random words."""
    if stage.random_words is None:
        return list(examples)
    words = [e for e in examples if e.sentence.kind == "words"]
    others = [e for e in examples if e.sentence.kind != "words"]
    return words + others[: round(len(words) * (1 - stage.random_words) / stage.random_words)]


def _tell(step: int, progress: float, losses: Losses) -> None:
    parts = float(losses.text), losses.right, float(losses.attention), float(losses.frames)
    logger.info("%3.0f%% step %d: text %.2f, right %.2f, attention %.2f, frames %.2f", 100 * progress, step, *parts)


def _save(network: Network, phonemes: dict[str, int], plan: Plan) -> None:
    save_checkpoint(network, plan.out)
    if plan.state is not None:
        save_state(network, phonemes, plan.state)
