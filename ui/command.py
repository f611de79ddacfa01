"""The command line `precedent`. Errors go to stderr in one line; exit code 2 for bad input, 1 for a fault.

Heavy modules are loaded by the command that needs them, so that --help answers at once.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from knowledge.errors import BadInput, PrecedentError

__all__ = ["main"]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, as for every other mistake, instead of the whole usage."""
        self.exit(2, f"precedent: {message}; {self.prog} --help lists what there is\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="precedent",
        description="What happened last time, what was done, whether it worked, and what to do now (先例).",
        epilog="The data folder is PRECEDENT_HOME, or ~/.precedent. Every command that prints for people takes --json.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    ask = commands.add_parser("ask", help="one recommendation for a situation")
    ask.add_argument("text", help="the situation; - reads it from standard input")
    _search_options(ask, top=8)

    match = commands.add_parser("match", help="similar cases, without a recommendation")
    match.add_argument("text", nargs="?", help="the situation; - reads it from standard input")
    match.add_argument(
        "--queries", type=Path, metavar="FILE.jsonl", help='one {"id", "text"} a line; answers, a line each'
    )
    match.add_argument(
        "--exclude-self", action="store_true", help="leave out the case whose external_id is the query's id"
    )
    _search_options(match, top=10)

    importing = commands.add_parser("import", help="add cases from a CSV, XLSX or JSONL file; or calls")
    importing.add_argument("file", type=Path, nargs="+", help="for calls also folders, and listings of recordings")
    importing.add_argument("--kind", choices=["cases", "calls"], default="cases", help="what the file holds")
    importing.add_argument("--no-wait", action="store_true", help="calls: end when they are taken in, not understood")
    importing.add_argument("--mapping", type=Path, metavar="FILE", help="TOML or JSON: foreign heading = case field")
    importing.add_argument("--dry-run", action="store_true", help="read and check, write nothing")
    importing.add_argument("--json", action="store_true")

    transcribe = commands.add_parser("transcribe", help="what is said in a recording; nothing is kept")
    transcribe.add_argument("file", type=Path, nargs="+")
    transcribe.add_argument("--model", metavar="NAME", help="name or file of a checkpoint (the best at hand)")
    transcribe.add_argument("--demo-model", action="store_true", help="try the demonstration model")
    transcribe.add_argument("--json", action="store_true", help="one JSON object a line for each file")

    hear = commands.add_parser("hear", help="work on the calls that wait, or watch a folder for recordings")
    hear.add_argument("--watch", type=Path, metavar="FOLDER", help="take in whatever lands there, until interrupted")
    hear.add_argument("--json", action="store_true")

    export = commands.add_parser("export", help="write cases or the interaction log as JSON Lines")
    export.add_argument("what", choices=["cases", "interactions"], nargs="?", default="cases")
    export.add_argument("--to", type=Path, metavar="FILE", help="a file instead of standard output")

    serve = commands.add_parser("serve", help="the pages and the HTTP API")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=7860, help="the next free one is used where it is taken")

    doctor = commands.add_parser("doctor", help="which models, indexes and data are in use, and what is missing")
    doctor.add_argument("--json", action="store_true")

    models = commands.add_parser("models", help="which embedder and reranker are in use; change over to others")
    models.add_argument("--json", action="store_true")
    actions = models.add_subparsers(dest="action", metavar="ACTION")
    listing = actions.add_parser("list", help="what is in use and what can be used (also without an action)")
    listing.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    use = actions.add_parser("use", help="change over, after embedding every case; the old one answers meanwhile")
    use.add_argument("name", nargs="?", help='"meaning", or name or folder of a sentence-transformers model')
    use.add_argument("--reranker", metavar="NAME", help='name or folder of a cross-encoder, or "none"')
    use.add_argument("--json", action="store_true", default=argparse.SUPPRESS)

    pull = actions.add_parser("pull", help="fetch official speech weights, with progress; goes on where it stopped")
    pull.add_argument("name", help="such as whisper-turbo or whisper-small")
    pull.add_argument("--json", action="store_true", default=argparse.SUPPRESS)

    tune = actions.add_parser(
        "tune", help="fine-tune the embedder on accepted matches; kept only if nothing gets worse"
    )
    tune.add_argument("--from", dest="base", metavar="NAME", help="name or folder to start from (the embedder in use)")
    tune.add_argument("--gold", type=Path, metavar="FILE", help='what must not get worse: {"text", "relevant"} a line')
    tune.add_argument("--epochs", type=int, default=1, metavar="N", help="how often each pair is trained on (1)")
    tune.add_argument("--dry-run", action="store_true", help="train and compare, change nothing")
    tune.add_argument("--json", action="store_true", default=argparse.SUPPRESS)

    categories = commands.add_parser("categories", help="the city's categories; learn them from its own labelled texts")
    categories.add_argument("--json", action="store_true")
    wishes = categories.add_subparsers(dest="action", metavar="ACTION")
    learn = wishes.add_parser("learn", help="learn from a CSV, XLSX or JSONL file of texts and labels, if that helps")
    learn.add_argument("file", type=Path)
    learn.add_argument("--text", metavar="COLUMN", help="the column of the texts (found by usual names)")
    learn.add_argument("--label", metavar="COLUMN", help="the column of the labels: ids or names of categories")
    learn.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    forget = wishes.add_parser("forget", help="remove what was learned")
    forget.add_argument("--json", action="store_true", default=argparse.SUPPRESS)

    _learn_options(commands.add_parser("learn", help="learn the order of actions from choices and outcomes"))

    demo = commands.add_parser("demo", help="load the demo city and serve it")
    demo.add_argument("--load-only", action="store_true", help="load it and end")
    demo.add_argument("--host", default="127.0.0.1")
    demo.add_argument("--port", type=int, default=7860)
    demo.add_argument("--json", action="store_true")
    return parser


def _learn_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true")
    steps = parser.add_subparsers(dest="action", metavar="ACTION", prog="precedent learn")
    show = steps.add_parser("show", help="what is in force, what is on trial, and what the gate says of it")
    show.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    for name, told in (
        ("approve", "put the version on trial in force, where all conditions hold"),
        ("reject", "end the trial of a version for good"),
        ("rollback", 'put a former version in force again ("base": the fixed order)'),
    ):
        step = steps.add_parser(name, help=told)
        step.add_argument("version", metavar="VERSION")
        step.add_argument("--by", required=True, metavar="NAME", help="who decides")
        step.add_argument("--note", default="", metavar="TEXT")
        step.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    replay = steps.add_parser("replay", help="fit every kept version from the log once more and compare, byte for byte")
    replay.add_argument("version", nargs="?", metavar="VERSION", help="only this one")
    replay.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    trace = steps.add_parser("trace", help="the rows of the log behind a figure of the page, as JSON lines")
    trace.add_argument("figure", nargs="+", metavar="FIGURE", help='as the page names it, such as "condition:people"')
    trace.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="one JSON object a figure")
    withdraw = steps.add_parser("withdraw", help="a person's questions, choices and reports count for nothing any more")
    withdraw.add_argument("name", metavar="NAME")
    withdraw.add_argument("--by", required=True, metavar="NAME", help="who writes it down")
    withdraw.add_argument("--reason", required=True, metavar="TEXT")
    withdraw.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def _search_options(parser: argparse.ArgumentParser, top: int) -> None:
    parser.add_argument("--top", type=int, default=top, metavar="K", help=f"how many cases ({top})")
    parser.add_argument("--district", metavar="D", help="only this district")
    parser.add_argument("--since", metavar="DATE", help="only since this day, YYYY-MM-DD")
    parser.add_argument("--category", metavar="C", help="only this category (id or name)")
    parser.add_argument("--department", metavar="D", help="only this department (id or name)")
    parser.add_argument("--case-kind", choices=["incident", "decision", "policy"], help="only this kind of case")
    parser.add_argument("--language", choices=["zh", "en"], help="language of the answer (that of the question)")
    parser.add_argument("--json", action="store_true")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit code."""
    options = _parser().parse_args(arguments)
    try:
        from ui import commands

        commands.run(options)
    except PrecedentError as error:
        print(f"precedent: {' '.join(str(error).split())}", file=sys.stderr)
        return 2 if isinstance(error, BadInput) else 1
    except BrokenPipeError:  # the reader of our output has gone away
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        print("precedent: stopped; what was written so far is kept", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
