"""Numbers without gaps, whoever asks for them, and nothing lost when a program is killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from learning_contract import proposed, reacted
from sqlalchemy import Engine

from assistant.learning.events import Proposed
from assistant.learning.sqllog import SqlEventLog
from knowledge.database import open_database, reading, writing
from knowledge.learning_log import LearningLog
from knowledge.numbering import hold_numbers, newest_number, next_number


def test_each_name_counts_by_itself_from_one(engine: Engine) -> None:
    with writing(engine) as connection:
        assert newest_number(connection) == 0
        assert [next_number(connection) for _ in range(3)] == [1, 2, 3]
        assert next_number(connection, "gate") == 1
    with reading(engine) as connection:
        assert (newest_number(connection), newest_number(connection, "gate")) == (3, 1)


def test_a_transaction_that_fails_gives_its_number_back(engine: Engine) -> None:
    def take_and_fail() -> None:
        with writing(engine) as connection:
            assert next_number(connection) == 1
            raise KeyError

    for _ in range(2):
        with pytest.raises(KeyError):
            take_and_fail()


def test_many_at_once_get_each_number_once(engine: Engine) -> None:
    def take(_: int) -> int:
        with writing(engine) as connection:
            return next_number(connection)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(take, range(40))) == list(range(1, 41))


def test_who_holds_the_numbers_is_waited_for(engine: Engine) -> None:
    order: list[str] = []
    held = threading.Event()

    def hold() -> None:
        with writing(engine) as connection:
            hold_numbers(connection)
            held.set()
            time.sleep(0.2)
            order.append("held")

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        assert held.wait(10)
        with writing(engine) as connection:
            next_number(connection)
            order.append("taken")
        holding.result()
    assert order == ["held", "taken"]


_WRITER = """
import sys
sys.path[:0] = sys.argv[2:]
from learning_contract import proposed, reacted
from assistant.learning.sqllog import SqlEventLog
from knowledge.database import open_database
log = SqlEventLog(open_database(sys.argv[1]))
first = log.last()
print("ready", flush=True)
for number in range(first, 1_000_000):
    log.append(proposed(number))
    log.append(reacted(number, "a"))
    print(number, flush=True)
"""


def test_a_log_that_is_killed_keeps_what_it_confirmed_and_no_half(tmp_path: Path) -> None:
    path, tests = str(tmp_path / "base.sqlite"), Path(__file__).parent
    confirmed: list[int] = []
    for attempt in range(2):
        command = [sys.executable, "-c", _WRITER, path, str(tests), str(tests.parent)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as writer:
            assert writer.stdout
            assert writer.stdout.readline() == "ready\n"
            time.sleep(0.2 + 0.05 * attempt)
            writer.send_signal(signal.SIGKILL)
            confirmed += [int(line) for line in writer.stdout.read().split("\n")[:-1] if line]
    engine = open_database(path)
    log = SqlEventLog(engine)
    events = list(log.events())
    assert [number for number, _ in events] == list(range(1, log.last() + 1))
    whole = dict.fromkeys(event for _, event in events)
    assert all(proposed(number) in whole and reacted(number, "a") in whole for number in confirmed)
    assert len(confirmed) > 1
    asked = sum(isinstance(event, Proposed) for event in whole)
    counted = LearningLog(engine).counts("close-road", "flood")
    assert (counted.shown, counted.adopted) == (asked, len(whole) - asked)
    with reading(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    engine.dispose()
