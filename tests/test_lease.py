import os
import subprocess
import sys

from knowledge.lease import holder, is_gone

SHOW = "from knowledge.lease import holder; print(holder('1'), flush=True); input()"


def test_a_living_process_is_not_gone_and_a_killed_one_is() -> None:
    process = subprocess.Popen([sys.executable, "-c", SHOW], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
    assert process.stdout is not None
    name = process.stdout.readline().strip()
    assert name.split("/")[1] == str(process.pid)
    assert not is_gone(name)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert is_gone(name), "even before its parent has waited for it"
    process.communicate()
    assert is_gone(name)


def test_a_number_that_was_given_again_is_another_process() -> None:
    place, pid, _, part = holder("1").split("/")
    assert is_gone(f"{place}/{pid}/1/{part}")


def test_what_cannot_be_known_is_not_gone() -> None:
    for name in ("", "w", "other-host:1/999999999/0/1", f"{holder('1').split('/')[0]}/x/0/1", "a/b/c/d/e"):
        assert not is_gone(name)
    place = holder("1").split("/")[0]
    assert is_gone(f"{place}/999999999/0/1")


def test_names_tell_parts_of_a_process_apart() -> None:
    assert holder("1") != holder("2")
    assert len(holder("12345678")) <= 200
