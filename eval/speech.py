"""How well and how fast the product hears: error rates, recordings of any kind, pace, silence, loops.

    python -m eval.speech --checkpoint FILE [--demo] [errors recordings pace silence loops hour]

`--demo` says that the checkpoint is the demonstration model, which is then tried on clips of its own voices as well.
Prints Markdown for eval/LOG.md. What a checkpoint is worth for real recordings is told by `recordings` alone.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from eval.looped import REPEATED_SPEECH, looped_texts
from eval.pace import WAYS, Pace, measure_pace, with_silence, write_sound
from eval.utterances import Errors, clips, demo_sentences, errors
from knowledge.audio import decode, probe
from knowledge.demo.calls import read_demo_calls
from knowledge.hearing import hear
from knowledge.loops import looping, suspicions
from knowledge.transcriber import SAMPLE_RATE
from knowledge.whisper_transcriber import WhisperTranscriber

__all__ = ["PARTS", "main"]

RECORDINGS = Path("../shared/data/speech")
WORDLESS = 100


@dataclass(frozen=True)
class Bench:
    """What is measured, and how much of it."""

    checkpoint: Path
    demo: bool
    threads: int
    each: int
    repeats: int
    recordings: Path
    seed: int = 77

    @property
    def transcriber(self) -> WhisperTranscriber:
        """The checkpoint, loaded when it first hears."""
        return WhisperTranscriber(self.checkpoint, demo=self.demo, threads=self.threads)


def error_rates(bench: Bench) -> None:
    """Clips of the demonstration model's own voices, and the demo calls, by kind."""
    from knowledge.speech_model.corpus import read_corpus
    from knowledge.speech_model.gate import make_clips

    transcriber = bench.transcriber
    alone = transcriber._model
    totals: dict[str, list[Errors]] = {}
    numbers: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        for clip in make_clips(read_corpus(), Random(bench.seed), each=bench.each):
            path = write_sound(Path(folder) / "clip.wav", [clip.sound])
            heard = hear(path, transcriber).text()
            by_whisper = str(alone.transcribe(clip.sound, language="zh", fp16=False)["text"])
            found = totals.setdefault(clip.kind, [Errors(0, 0), Errors(0, 0)])
            totals[clip.kind] = [
                found[0] + errors(clip.text, heard, "zh"),
                found[1] + errors(clip.text, by_whisper, "zh"),
            ]
            numbers[clip.kind] = numbers.get(clip.kind, 0) + 1
    for call in read_demo_calls():
        if call.language == "zh" and numbers.get("demo calls", 0) < bench.each // 5:
            said, heard = " ".join(s.text for s in call.segments), hear(call.path, transcriber).text()
            mixed = decode(call.path).mean(axis=0)
            by_whisper = str(alone.transcribe(mixed, language="zh", fp16=False)["text"])
            found = totals.setdefault("demo calls", [Errors(0, 0), Errors(0, 0)])
            totals["demo calls"] = [
                found[0] + errors(said, heard, "zh"),
                found[1] + errors(said, by_whisper, "zh"),
            ]
            numbers["demo calls"] = numbers.get("demo calls", 0) + 1
    print("| kind | clips | characters | our pipeline, CER | whisper.transcribe alone, CER |\n|---|---|---|---|---|")
    for kind, (ours, whispers) in totals.items():
        rates = [f"{e.rate:.1%}" if e.units else f"{e.wrong} characters" for e in (ours, whispers)]
        print(f"| {kind} | {numbers[kind]} | {ours.units} | {rates[0]} | {rates[1]} |", flush=True)


def recordings(bench: Bench) -> None:
    """Recordings that lie beside the project: what is decoded, where somebody speaks, and how much is heard wrong."""
    transcriber = bench.transcriber
    print("| recording | codec | Hz | channels | s | speech s | language | segments | wrong | of | rate |")
    print("|---" * 11 + "|")
    for spoken in clips(bench.recordings / "refs.tsv"):
        told, found = probe(spoken.path), hear(spoken.path, transcriber)
        speech = sum(end - start for start, end in found.speech)
        wrong = errors(spoken.text, found.text(), spoken.language)
        unit = "CER" if spoken.language == "zh" else "WER"
        print(
            f"| {spoken.path.name} | {told.codec} | {told.sample_rate} | {told.channels} | {found.duration_s:.2f} | "
            f"{speech:.2f} | {found.language} | {len(found.segments)} | {wrong.wrong} | {wrong.units} | "
            f"{unit} {wrong.rate:.0%} |",
            flush=True,
        )


def pace(bench: Bench) -> None:
    """Both ways through the same files, by turns; ratios are medians of pairs. Where others use the machine, the ratio
    by the clock tells more of them than of us."""
    calls = [call.path for call in read_demo_calls() if call.language == "zh"][:4]
    real = sorted(bench.recordings.rglob("*.wav"))
    with tempfile.TemporaryDirectory() as folder:
        speech = np.concatenate([decode(path).mean(axis=0) for path in calls])
        third = write_sound(Path(folder) / "third.wav", [with_silence(speech, 1 / 3)])
        columns = ["files", "way", "s of sound", "s by the clock", "real-time factor", "processor s", "peak GB"]
        print(f"| {' | '.join([*columns, 'ratio by the clock', 'ratio of processor'])} |")
        print("|---" * 9 + "|")
        for label, files in (("demo calls", calls), ("a third silence", [third]), ("recordings", real)):
            if files:
                _print_pace(bench, label, files)


def _print_pace(bench: Bench, label: str, files: Sequence[Path]) -> None:
    runs: dict[str, list[Pace]] = {way: [] for way in WAYS}
    for _ in range(bench.repeats):
        for way in WAYS:
            runs[way].append(measure_pace(way, bench.checkpoint, files, threads=bench.threads, demo=bench.demo))
    for way, found in runs.items():
        clock = statistics.median(p.clock_s for p in found)
        processor = statistics.median(p.processor_s for p in found)
        pairs = list(zip(found, runs["whisper"], strict=True))
        by_clock = statistics.median(other.clock_s / one.clock_s for one, other in pairs)
        of_processor = statistics.median(other.processor_s / one.processor_s for one, other in pairs)
        print(
            f"| {label} | {way} | {found[0].sound_s:.0f} | {clock:.1f} | {clock / found[0].sound_s:.3f} | "
            f"{processor:.1f} | {max(p.peak_gb for p in found):.2f} | {by_clock:.2f} | {of_processor:.2f} |",
            flush=True,
        )


def silence(bench: Bench) -> None:
    """Silence, noise, tones and music: words that were written."""
    from knowledge.speech_model.channel import no_speech

    transcriber, random = bench.transcriber, Random(bench.seed)
    wrote: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(WORDLESS):
            sound = no_speech(random, random.randint(2, 30) * SAMPLE_RATE)
            text = hear(write_sound(Path(folder) / "clip.wav", [sound]), transcriber).text()
            wrote += [text] if text else []
    print(f"{WORDLESS} clips of silence, noise, tones and music: {len(wrote)} with words {wrote or ''}".rstrip())


def loops(bench: Bench) -> None:
    """Loops made by seed, and what people repeat."""
    looped = looped_texts()
    missed = [kind for kind, text in looped if "loop" not in suspicions(text, 28.0)]
    normal = [*REPEATED_SPEECH, *demo_sentences("zh"), *demo_sentences("en")]
    alarms = [text for text in normal if looping(text)]
    print(f"{len(looped)} loops by seed: {len(looped) - len(missed)} found, missed: {', '.join(missed) or 'none'}; ")
    print(f"{len(normal)} sentences that people say: {len(alarms)} taken for loops")


def hour(bench: Bench) -> None:
    """One hour, of demo calls one after another."""
    calls = [decode(call.path).mean(axis=0) for call in read_demo_calls() if call.language == "zh"]
    with tempfile.TemporaryDirectory() as folder:
        left, sounds, number = 3600 * SAMPLE_RATE, [], 0
        while left > 0:
            sound = calls[number % len(calls)][:left]
            sounds.append(sound)
            left, number = left - len(sound), number + 1
        path = write_sound(Path(folder) / "hour.wav", sounds)
        del sounds
        found = measure_pace("ours", bench.checkpoint, [path], threads=bench.threads, demo=bench.demo)
    print(
        f"One hour of calls: {found.clock_s:.0f} s by the clock, real-time factor {found.clock_s / found.sound_s:.3f}, "
        f"peak {found.peak_gb:.2f} GB, {found.characters} characters"
    )


PARTS: dict[str, Callable[[Bench], None]] = {
    "errors": error_rates,
    "recordings": recordings,
    "pace": pace,
    "silence": silence,
    "loops": loops,
    "hour": hour,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the parts that were named, all of them by default."""
    parser = argparse.ArgumentParser(prog="python -m eval.speech", description=__doc__)
    parser.add_argument("parts", nargs="*", default=[], metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--checkpoint", type=Path, required=True, help="a checkpoint of openai-whisper")
    parser.add_argument("--demo", action="store_true", help="it is the demonstration model")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--each", type=int, default=50, help="clips of each kind")
    parser.add_argument("--repeats", type=int, default=3, help="runs of which the median is given")
    parser.add_argument("--recordings", type=Path, default=RECORDINGS)
    parser.add_argument("--seed", type=int, default=77, help="of the clips")
    options = parser.parse_args(arguments)
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part {', '.join(sorted(unknown))}; choose of {', '.join(PARTS)}")
    if not options.checkpoint.is_file():
        parser.error(f"{options.checkpoint} is no file; name a checkpoint of openai-whisper")
    bench = Bench(
        options.checkpoint, options.demo, options.threads, options.each, options.repeats, options.recordings,
        options.seed,
    )  # fmt: skip
    for part in options.parts or PARTS:
        print(f"\n**{part}** ({options.checkpoint.name})\n", flush=True)
        PARTS[part](bench)
    return 0


if __name__ == "__main__":
    sys.exit(main())
