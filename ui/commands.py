"""What each command does: one call into the assistant, printed for people or as JSON."""

import json
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from assistant.answer import Match, Situation, Verdict
from assistant.desk import Desk
from assistant.moment import CITY_ZONE
from assistant.wiring import Workplace, open_workplace
from knowledge.errors import BadInput, Fault
from knowledge.filter import Wanted
from knowledge.text import clean
from ui.categories import categories
from ui.hear import hear, import_recordings, load_demo_calls, pull, transcribe
from ui.learn import learn
from ui.models import models

__all__ = ["run", "wanted"]


def run(options: Namespace) -> None:
    """Runs the command that the options name."""
    commands: dict[str, Callable[[Namespace, Workplace], None]] = {
        "ask": _ask,
        "match": _match,
        "import": _import,
        "transcribe": transcribe,
        "hear": hear,
        "export": _export,
        "serve": _serve,
        "doctor": _doctor,
        "models": _models,
        "categories": categories,
        "learn": learn,
        "demo": _demo,
    }
    try:
        commands[options.command](options, open_workplace())
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise Fault(
            f"{error.strerror or error} ({error.filename or 'no file'}); check the disk, then try again"
        ) from error


def wanted(
    desk: Desk, *, district: str | None = None, since: str | None = None, category: str | None = None,
    department: str | None = None, kind: str | None = None,
) -> Wanted:  # fmt: skip
    """A filter from names or ids. Raises BadInput for a day, category or department that does not exist; a district
    that the gazetteer does not know is taken as it is written in the cases."""
    moment = None
    if since:
        try:
            moment = datetime.fromisoformat(since)
        except ValueError as error:
            raise BadInput(f"--since {since!r} is no day; write it as 2025-01-31") from error
        moment = moment if moment.tzinfo else moment.replace(tzinfo=CITY_ZONE)
    category_id = desk.taxonomy.resolve_category(category) if category else None
    if category and not category_id:
        raise BadInput(f"there is no category {category!r}; the ids and names are in knowledge/data/situations.csv")
    department_id = desk.taxonomy.resolve_department(department) if department else None
    return Wanted(
        districts=((desk.gazetteer.resolve_district(district) or district),) if district else (),
        categories=(category_id,) if category_id else (),
        departments=((department_id or department),) if department else (),
        kinds=(kind,) if kind else (),
        since=moment,
    )


def _wanted(options: Namespace, desk: Desk) -> Wanted:
    if options.top < 1 or options.top > 200:
        raise BadInput(f"--top {options.top}: give a number from 1 to 200")
    return wanted(
        desk,
        district=clean(options.district or ""),
        since=options.since,
        category=options.category,
        department=clean(options.department or ""),
        kind=options.case_kind,
    )


def _text(given: str) -> str:
    return sys.stdin.read() if given == "-" else given


def _ask(options: Namespace, workplace: Workplace) -> None:
    desk = workplace.desk
    answer = desk.ask(
        _text(options.text), language=options.language, wanted=_wanted(options, desk), top=options.top,
        actor="command line",
    )  # fmt: skip
    if options.json:
        print(answer.model_dump_json())
        return
    print(answer.answer_markdown)
    print(f"\n— {answer.ms:.0f} ms, {answer.interaction_id}")


def _line(
    query_id: str | None, situation: Situation, verdict: Verdict, matches: tuple[Match, ...], ms: float
) -> dict[str, Any]:
    return {
        "query_id": query_id,
        "verdict": {"label": verdict.label.value, "probability": verdict.probability},
        "category": situation.category.value if situation.category else None,
        "matches": [
            {"case_id": m.case_id, "external_id": m.external_id, "score": m.score, "parts": m.parts, "why": list(m.why)}
            for m in matches
        ],
        "ms": ms,
    }


def _match(options: Namespace, workplace: Workplace) -> None:
    if (options.text is None) == (options.queries is None):
        raise BadInput("give either a situation or --queries FILE.jsonl")
    desk = workplace.desk
    chosen = _wanted(options, desk)
    if options.queries is None:
        situation, line = _one(desk, _text(options.text), options, chosen)
        print(json.dumps(line, ensure_ascii=False) if options.json else _readable(situation, line, desk))
        return
    questions = []
    for query_id, text in _queries(options.queries):
        try:
            desk.checked(text)
        except BadInput as error:
            raise BadInput(f"{options.queries}, query {query_id}: {error}") from error
        own = desk.copies.records.find(query_id) if options.exclude_self else None
        questions.append((query_id, text, (own.case_id,) if own else ()))
    asked = [(text, exclude) for _, text, exclude in questions]
    answers = desk.match_many(asked, language=options.language, wanted=chosen, top=options.top)
    for (query_id, _, _), (situation, verdict, matches, ms) in zip(questions, answers, strict=True):
        print(json.dumps(_line(query_id, situation, verdict, matches, ms), ensure_ascii=False), flush=True)


def _one(desk: Desk, text: str, options: Namespace, chosen: Wanted) -> tuple[Situation, dict[str, Any]]:
    import time

    started = time.perf_counter()
    situation, verdict, matches = desk.match(text, language=options.language, wanted=chosen, top=options.top)
    return situation, _line(None, situation, verdict, matches, round(1000 * (time.perf_counter() - started), 1))


def _queries(path: Path) -> Iterator[tuple[str, str]]:
    try:
        stream = path.open(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}); give a file of JSON lines") from error
    with stream:
        for number, line in enumerate(_lines(stream, path), 1):
            if not line.strip():
                continue
            try:
                query = json.loads(line)
                yield clean(str(query["id"])), str(query["text"])
            except (ValueError, KeyError, TypeError) as error:
                raise BadInput(
                    f'{path}, line {number}: each line needs {{"id": …, "text": …}}; mend that line'
                ) from error


def _lines(stream: TextIO, path: Path) -> Iterator[str]:
    try:
        yield from stream
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 ({error.reason}); save it as UTF-8 and try again") from error


def _readable(situation: Situation, line: dict[str, Any], desk: Desk) -> str:
    category = line["category"] or "–"
    named = f"no clear category (nearest: {category})" if situation.unclear else category
    rows = [f"{line['verdict']['label']} ({line['verdict']['probability']:.0%})  {named}"]
    stored = desk.copies.records.get([m["case_id"] for m in line["matches"]])
    for place, match in enumerate(line["matches"], 1):
        title = stored[match["case_id"]].case.heading()
        rows.append(f"{place:>2}. {match['score']:.2f}  [{match['external_id']}] {title}  — {'; '.join(match['why'])}")
    return "\n".join(rows)


def _models(options: Namespace, workplace: Workplace) -> None:
    (pull if options.action == "pull" else models)(options, workplace)


def _import(options: Namespace, workplace: Workplace) -> None:
    if options.kind == "calls":
        import_recordings(options, workplace)
        return
    if len(options.file) != 1:
        raise BadInput(f"cases come in one file at a time, not in {len(options.file)}; import each by itself")
    shown = _Progress("import", quiet=options.json)
    report = workplace.import_cases(options.file[0], mapping=options.mapping, dry_run=options.dry_run, progress=shown)
    shown.end()
    if not options.dry_run and report.added + report.updated:
        workplace.copies.sync()
        workplace.copies.save()
    content = report.to_dict()
    if options.json:
        print(json.dumps(content, ensure_ascii=False))
        return
    print(
        f"{'checked' if options.dry_run else 'read'} {report.read} rows: {report.added} added, "
        f"{report.updated} updated, {report.skipped} unchanged, {report.errors_total} with errors"
    )
    for error in report.errors[:20]:
        print(f"  row {error.row}, {error.field}: {error.problem}")
    if report.errors_total > 20:
        print("  … the rest with --json")


def _export(options: Namespace, workplace: Workplace) -> None:
    lines: Iterator[str]
    if options.what == "cases":
        lines = (stored.case.model_dump_json() for stored in workplace.records.all())
    else:
        lines = (json.dumps(row, ensure_ascii=False) for row in workplace.interactions.export())
    if options.to is None:
        for line in lines:
            print(line)
        return
    with options.to.open("w", encoding="utf-8") as stream:
        count = sum(1 for line in lines if stream.write(line + "\n"))
    print(f"{count} {options.what} written to {options.to}", file=sys.stderr)


def _serve(options: Namespace, workplace: Workplace, demo: bool = False) -> None:
    if not 0 < options.port < 65_536:
        raise BadInput(f"--port {options.port}: give a number from 1 to 65535")
    from ui.server import serve

    print("precedent: bringing the indexes up to date …", file=sys.stderr)
    workplace.desk.copies.sync()
    workplace.copies.save()
    serve(
        workplace.desk, options.host, options.port, demo, workplace.hotline, workplace.tasks, workplace.follow_ups,
        workplace.learning,
    )  # fmt: skip


def _doctor(options: Namespace, workplace: Workplace) -> None:
    from assistant.checkup import checkup

    findings = checkup(workplace)
    if options.json:
        print(json.dumps([f.__dict__ for f in findings], ensure_ascii=False))
        return
    for finding in findings:
        print(
            f"{'ok ' if finding.ok else 'NOT'}  {finding.name}: {finding.state}"
            + ("" if finding.ok else f" → {finding.advice}")
        )


def _demo(options: Namespace, workplace: Workplace) -> None:
    shown = _Progress("demo city", quiet=options.json)
    read = workplace.load_demo(shown)
    shown.end()
    workplace.copies.sync()
    workplace.copies.save()
    calls = sum(workplace.hotline.counts().values()) if load_demo_calls(workplace.hotline) else 0
    count = workplace.records.count()
    print(
        json.dumps({"read": read, "cases": count, "calls": calls})
        if options.json
        else f"demo city: {read} cases read, {count} in the case base; {calls} calls"
    )
    if not options.load_only:
        _serve(options, workplace, demo=True)


class _Progress:
    """Rows read so far, on stderr, where a person watches."""

    def __init__(self, name: str, *, quiet: bool) -> None:
        self._name = name
        self._shown = not quiet and sys.stderr.isatty()

    def __call__(self, rows: int) -> None:
        if self._shown:
            print(f"\r{self._name}: {rows:,} rows", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leaves the line."""
        if self._shown:
            print(file=sys.stderr)
