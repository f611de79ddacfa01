"""The commands about calls: `transcribe`, `import --kind calls`, `hear`, `models pull`, for people or as JSON.

Calls are worked on by processes of this command, side by side with those of a server on the same data folder.
"""

import json
import signal
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from assistant.callimport import find_calls, import_calls
from assistant.hotline import Hotline
from assistant.wiring import Workplace
from knowledge.call import CallState, Transcript
from knowledge.errors import BadInput
from knowledge.subtitles import clock

__all__ = ["Watch", "hear", "import_recordings", "load_demo_calls", "pull", "transcribe"]

_SETTLED_S = 2.0  # a file of which nothing changes for so long is there completely
_LOOK_S = 0.5


def transcribe(options: Namespace, workplace: Workplace) -> None:
    """Prints what is said in each file; what cannot be heard is told, and the others go on."""
    failed = 0
    for path in options.file:
        shown = _Line(path.name, quiet=options.json)
        try:
            if not path.is_file():
                raise BadInput(f"{path} is no file; check the name")
            heard = workplace.speech.transcribe(
                path, name=options.model or "", demo_model=options.demo_model, progress=partial(_seconds, shown)
            )
        except BadInput as error:
            shown.end()
            if len(options.file) == 1:
                raise
            failed += 1
            said = {"file": str(path), "error": str(error)}
            print(json.dumps(said, ensure_ascii=False) if options.json else f"{path}: {error}", flush=True)
            continue
        shown.end()
        print(_as_json(path, heard) if options.json else _readable(path, heard), flush=True)
    if failed:
        raise BadInput(f"{failed} of {len(options.file)} files could not be transcribed; see the lines above")


def _seconds(shown: "_Line", done: float) -> None:
    shown(clock(done, hours=False))


def _megabytes(shown: "_Line", done: int, total: int) -> None:
    shown(f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB" if total else f"{done / 1e6:,.0f} MB")


def _as_json(path: Path, heard: Transcript) -> str:
    return json.dumps({"file": str(path), **heard.model_dump(mode="json")}, ensure_ascii=False)


def _readable(path: Path, heard: Transcript) -> str:
    factor = "" if heard.real_time_factor is None else f", {heard.real_time_factor:.2f} x real time"
    lines = [f"{path}: {clock(heard.duration_s, hours=False)}, {heard.language}, {heard.model}{factor}"]
    for segment in heard.segments:
        doubt = " ?" if segment.doubtful else ""
        at = f"{clock(segment.start, hours=False)}–{clock(segment.end, hours=False)}"
        lines.append(f"  {at}  {segment.channel.value:<6}  {segment.confidence:.0%}{doubt}  {segment.text}")
    return "\n".join([*lines, *(f"  {note}" for note in heard.notes)])


def import_recordings(options: Namespace, workplace: Workplace) -> None:
    """Takes in files, folders and listings, then works until all of them rest."""
    if options.mapping:
        raise BadInput("--mapping is for cases; a listing of calls has the columns file, received_at, external_id")
    hotline = workplace.hotline
    done = import_calls(options.file, hotline, dry_run=options.dry_run)
    content = done.report.to_dict()
    if not options.dry_run and not options.no_wait:
        _work(hotline, done.call_ids, quiet=options.json)
        content["states"] = _states(hotline, done.call_ids)
    if options.json:
        print(json.dumps(content, ensure_ascii=False))
        return
    report = done.report
    print(
        f"{'checked' if options.dry_run else 'read'} {report.read} files: {report.added} added, "
        f"{report.skipped} known already, {report.errors_total} with errors"
    )
    for error in report.errors[:20]:
        print(f"  row {error.row}, {error.field}: {error.problem}")
    if report.errors_total > 20:
        print("  … the rest with --json")
    for state, count in content.get("states", {}).items():  # type: ignore[attr-defined]
        print(f"  {state}: {count}")


def _states(hotline: Hotline, call_ids: tuple[int, ...]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for call_id in call_ids:
        state = hotline.call(call_id).state.value
        counts[state] = counts.get(state, 0) + 1
    return counts


def _work(hotline: Hotline, call_ids: tuple[int, ...], *, quiet: bool) -> None:
    """Works until the calls rest, and tells how far it is where a person watches."""
    left = list(call_ids)
    shown = _Line("calls", quiet=quiet)
    hotline.jobs.start()
    try:
        while left := [call_id for call_id in left if not hotline.store.get(call_id).state.resting]:
            shown(f"{len(call_ids) - len(left)} of {len(call_ids)}")
            time.sleep(_LOOK_S)
    finally:
        hotline.jobs.close()
        shown.end()


def hear(options: Namespace, workplace: Workplace) -> None:
    """Works on the calls that wait; with --watch takes in what lands in a folder, until it is interrupted."""
    hotline = workplace.hotline
    if options.watch is None:
        under_way = [state for state in CallState if not state.resting]
        waiting = hotline.store.list(states=under_way, limit=1_000_000)
        _work(hotline, tuple(call.call_id for call in waiting), quiet=options.json)
        states = _states(hotline, tuple(call.call_id for call in waiting))
        print(json.dumps(states) if options.json else f"{len(waiting)} calls: {states or 'nothing to do'}")
        return
    watch = Watch(options.watch, hotline)
    with _interruption() as interrupted:
        hotline.jobs.start()
        try:
            while not interrupted.wait(_LOOK_S):
                for line in watch.look():
                    print(json.dumps(line, ensure_ascii=False) if options.json else _told(line), flush=True)
        finally:
            hotline.jobs.close()
    raise KeyboardInterrupt


@contextmanager
def _interruption() -> Iterator[threading.Event]:
    """An event that an interrupt of the keyboard sets. Raised as an exception it would be lost where it arrives in a
    destructor, and the command would watch on."""
    interrupted = threading.Event()
    before = signal.signal(signal.SIGINT, lambda number, frame: interrupted.set())
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def _told(line: dict[str, Any]) -> str:
    if "error" in line:
        return f"{line['file']}: {line['error']}"
    return f"{line['file']}: call {line['call_id']}{'' if line['new'] else ', known already'}"


class Watch:
    """A folder whose files become calls as soon as nothing changes in them for two seconds. What could not be taken in
    is tried again when it changes."""

    def __init__(self, folder: Path, hotline: Hotline, settled_s: float = _SETTLED_S) -> None:
        if not folder.is_dir():
            raise BadInput(f"{folder} is no folder; make it, or name another")
        self._folder, self._hotline, self._settled_s = folder, hotline, settled_s
        self._seen: dict[Path, tuple[tuple[int, int], float]] = {}  # size and time of writing, since when
        self._done: dict[Path, tuple[int, int]] = {}

    def look(self) -> list[dict[str, Any]]:
        """Takes in what is complete; says for each file which call it is, or why it is none."""
        told = []
        for path in find_calls(self._folder):
            try:
                facts = path.stat()
            except FileNotFoundError:  # moved away meanwhile
                continue
            form = (facts.st_size, facts.st_mtime_ns)
            if self._done.get(path) == form:
                continue
            before, since = self._seen.get(path, (None, 0.0))
            if before != form:
                self._seen[path] = (form, time.monotonic())
            elif time.monotonic() - since >= self._settled_s:
                self._done[path] = form
                del self._seen[path]
                told.append(self._take(path))
        return told

    def _take(self, path: Path) -> dict[str, Any]:
        try:
            done = import_calls([path], self._hotline)
        except BadInput as error:
            return {"file": str(path), "error": str(error)}
        if done.report.errors or not done.call_ids:
            problem = done.report.errors[0].problem if done.report.errors else "names no recording; check the listing"
            return {"file": str(path), "error": problem}
        return {"file": str(path), "call_id": done.call_ids[0], "new": bool(done.report.added)}


def load_demo_calls(hotline: Hotline) -> int:
    """Takes in the demo city's calls; a server hears them, or shows their texts. Gives how many there are; twice
    changes nothing."""
    calls = [call for call in hotline.intake.demo.calls if call.path.is_file()]
    for call in calls:
        hotline.receive(call.path)
    return len(calls)


def pull(options: Namespace, workplace: Workplace) -> None:
    """Fetches official weights into the cache. Raises Fault where there is no network."""
    shown = _Line(options.name, quiet=options.json)
    path = workplace.speech.pull(options.name, partial(_megabytes, shown))
    shown.end()
    print(json.dumps({"name": options.name, "path": str(path)}) if options.json else f"{options.name}: {path}")


class _Line:
    """One line on stderr that is written over, where a person watches."""

    def __init__(self, name: str, *, quiet: bool) -> None:
        self._name, self._shown = name, not quiet and sys.stderr.isatty()

    def __call__(self, said: str) -> None:
        if self._shown:
            print(f"\r{self._name}: {said}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leaves the line."""
        if self._shown:
            print(file=sys.stderr)
