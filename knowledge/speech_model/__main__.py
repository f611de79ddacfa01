"""`python -m knowledge.speech_model --out FILE`: the demonstration speech model, from nothing to weights.

About two and a half hours on two cores. Needs the packages openai-whisper, torch, espeakng-loader, and av.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from knowledge.errors import BadInput, PrecedentError
from knowledge.speech_model.training import Plan, train


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; the exit code is 2 for bad input and 1 for a fault."""
    parser = argparse.ArgumentParser(prog="python -m knowledge.speech_model", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the checkpoint to write, for whisper.load_model")
    parser.add_argument("--minutes", type=float, default=150.0, help="how long in all (default 150)")
    parser.add_argument("--processes", type=int, default=2, help="of one thread each (default 2)")
    parser.add_argument("--state", type=Path, help="a file from which training can go on")
    parser.add_argument("--resume", type=Path, help="goes on from such a file, with the last stage only")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        if given.minutes <= 0 or given.processes < 1:
            raise BadInput("--minutes and --processes must be above 0; leave them out for 150 and 2")
        if not given.out.absolute().parent.is_dir():
            raise BadInput(f"--out: the folder {given.out.absolute().parent} does not exist; create it first")
        train(Plan(given.out, given.minutes, given.processes, state=given.state, resume=given.resume, seed=given.seed))
    except PrecedentError as error:
        sys.stderr.write(f"{error}\n")
        return 2 if isinstance(error, BadInput) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
