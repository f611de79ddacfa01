"""Measures what is understood of calls, from their reference transcripts.

    python -m eval.calls                    figures for the demo calls as a Markdown table
    python -m eval.calls --set held-out     for 36 short calls that no table of words was adjusted on
    python -m eval.calls --wrong            and what was read otherwise than expected

All of them were written by hand for this project, the demo calls with the word tables at hand: the figures say that
the parts work together, not how well they do on a city's real calls.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from assistant.answer import Match, Situation
from assistant.callreading import CallReader, CallReading
from assistant.saying import sayings
from assistant.situation import Understanding
from eval.dataset import gold
from eval.product import Product
from knowledge.call import Call, CallState, Channel, Segment, Transcript, TranscriptSource
from knowledge.categories import Categoriser
from knowledge.dangers import read_dangers
from knowledge.demo.calls import DemoCall, read_demo_calls
from knowledge.lexicon import read_lexicon
from knowledge.meaning import read_meaning
from knowledge.places import Gazetteer, read_places
from knowledge.taxonomy import read_taxonomy

__all__ = [
    "Heard",
    "as_call",
    "bundled_reader",
    "demo_calls",
    "held_out_calls",
    "main",
    "reader_with_cases",
    "without_speakers",
]

NEAR = 7  # cases that are asked
HELD_OUT = Path(__file__).parent / "hotline" / "calls.jsonl"


def bundled_reader() -> CallReader:
    """A reader with the bundled taxonomy, places and dangers, and no cases."""
    taxonomy = read_taxonomy()
    meaning = read_meaning(read_lexicon(taxonomy))
    return CallReader(Understanding(Categoriser(taxonomy, meaning), read_places(), read_dangers(), meaning))


def reader_with_cases(home: Path) -> CallReader:
    """The same with the demo city's cases, which settle what the words leave open."""
    workplace = Product(gold().cases, home).workplace
    matcher = workplace.matcher(workplace.choice)

    def near(situation: Situation, now: datetime) -> Sequence[Match]:
        return matcher.read(matcher.candidates(situation, now), situation, now, NEAR)

    return replace(bundled_reader(), near=near)


@dataclass(frozen=True)
class Heard:
    """A call with what should be understood of it: by part, see `_read`; `speakers` of each segment, and its matter."""

    name: str
    call: Call
    expected: Mapping[str, Any]
    speakers: tuple[str, ...]
    matter: str


def as_call(demo: DemoCall, call_id: int, *, mixed: bool = False) -> Call:
    """A demo call with its reference transcript; `mixed` forgets who speaks, as a mono recording does."""
    told = [(s.start, s.end, s.text, s.speaker) for s in demo.segments]
    call = _call(call_id, demo.external_id, demo.received_at, told, demo.language)
    return without_speakers(call) if mixed else call


def _call(
    call_id: int, name: str, received_at: datetime, told: Sequence[tuple[float, float, str, str]], language: str
) -> Call:
    segments = tuple(Segment(start=a, end=b, text=text, channel=Channel(speaker)) for a, b, text, speaker in told)
    transcript = Transcript(
        segments=segments,
        language=language,
        source=TranscriptSource.REFERENCE,
        duration_s=segments[-1].end if segments else 0.0,
    )
    return Call(
        call_id=call_id,
        external_id=name,
        state=CallState.READY,
        received_at=received_at,
        transcript=transcript,
        version=1,
        demo=True,
    )


def without_speakers(call: Call) -> Call:
    """The call as a mono recording would give it."""
    assert call.transcript is not None
    segments = tuple(s.model_copy(update={"channel": Channel.MIXED}) for s in call.transcript.segments)
    return call.model_copy(update={"transcript": call.transcript.model_copy(update={"segments": segments})})


def demo_calls() -> tuple[Heard, ...]:
    """The demo calls with what is expected of them."""
    return tuple(
        Heard(d.external_id, as_call(d, n), asdict(d.expected), tuple(s.speaker for s in d.segments), d.matter)
        for n, d in enumerate(read_demo_calls(), 1)
    )


def held_out_calls(path: Path = HELD_OUT) -> tuple[Heard, ...]:
    """Thirty-six short calls; their times are made up: a character takes a fifth of a second."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        row = json.loads(line)
        told, reached = [], 0.0
        for turn in row["turns"]:
            end = reached + len(turn["text"]) / 5
            told.append((reached, end, turn["text"], turn["speaker"]))
            reached = end + 0.5
        call = _call(number, row["id"], datetime.fromisoformat(row["received_at"]), told, "zh")
        found.append(Heard(row["id"], call, row["expected"], tuple(t["speaker"] for t in row["turns"]), row["matter"]))
    return tuple(found)


def _read(heard: Heard, reading: CallReading, places: Gazetteer) -> dict[str, tuple[object, object]]:
    """By part: what is expected, and what was read."""
    situation, expected = reading.situation, heard.expected
    known = places.by_id.get(situation.place.value if situation.place else "")
    names = (known.zh, known.en, *known.aliases) if known else (situation.place.value if situation.place else "",)
    category = situation.category.value if situation.category and not situation.unclear else ""
    promised = any(expected["promise"] in promise.saying.text for promise in reading.promises)
    found = {
        "category": (expected["category"], category),
        "group": (expected["category"].split(".")[0], category.split(".")[0]),
        "place": (expected["place"], expected["place"] if expected["place"] in names else names[0]),
        "danger": (expected["danger"], reading.urgent),
        "promise": (expected["promise"], expected["promise"] if promised else ""),
        "no promise besides": (0, max(len(reading.promises) - bool(expected["promise"]), 0)),
        "wants reply": (expected["wants_reply"], reading.wants_reply.wanted),
    }
    if "district" in expected:
        district = situation.district.value if situation.district else ""
        found["district"] = (places.resolve_district(expected["district"]) or "", district)
    if "severity" in expected:
        found["severity"] = (expected["severity"], situation.severity.level)
        found["severity within one"] = (True, abs(expected["severity"] - situation.severity.level) <= 1)
    return found


def _speakers(heard: Heard, call: Call) -> list[bool]:
    """Of each sentence, whether its speaker was guessed rightly."""
    said = sayings(call.transcript) if call.transcript else ()
    return [saying.channel.value == heard.speakers[saying.segment] for saying in said]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the share of calls in which each part was read as expected."""
    parser = argparse.ArgumentParser(prog="python -m eval.calls", description=__doc__)
    parser.add_argument("--set", choices=["demo", "held-out"], default="demo")
    parser.add_argument("--wrong", action="store_true")
    options = parser.parse_args(arguments)
    places, calls = read_places(), demo_calls() if options.set == "demo" else held_out_calls()
    shares: dict[str, dict[str, list[bool]]] = {}
    with tempfile.TemporaryDirectory() as home:
        alone, settled = bundled_reader(), reader_with_cases(Path(home))
        ways = (
            ("channels apart", alone, False),
            ("mono, speakers guessed", alone, True),
            ("with cases", settled, False),
        )
        for name, reader, mixed in ways:
            for heard in calls:
                call = without_speakers(heard.call) if mixed else heard.call
                for part, (wanted, found) in _read(heard, reader(call), places).items():
                    shares.setdefault(part, {}).setdefault(name, []).append(wanted == found)
                    if options.wrong and wanted != found:
                        print(f"{name}: {heard.name} {part}: expected {wanted!r}, read {found!r}")
                if mixed:
                    shares.setdefault("speaker", {}).setdefault(name, []).extend(_speakers(heard, call))
    print(f"| read as expected, {len(calls)} {options.set} calls | {' | '.join(name for name, _, _ in ways)} |")
    print("|---|---|---|---|")
    for part, told in shares.items():
        cells = [f"{sum(told[name]) / len(told[name]):.3f}" if name in told else "–" for name, _, _ in ways]
        print(f"| {part} | {' | '.join(cells)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
