"""Serving: a taken port gives way to the next one, and "ready" is said when the page answers."""

import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from knowledge.errors import Fault
from ui.server import free_socket

ROOT = Path(__file__).parents[1]
PROGRAM = "from fake_desk import FakeDesk; from ui.server import serve; serve(FakeDesk(), '127.0.0.1', {port}, False)"


def test_a_taken_port_gives_way_to_the_next() -> None:
    first, taken = free_socket("127.0.0.1", 18_400)
    second, other = free_socket("127.0.0.1", taken)
    with first, second:
        assert taken < other <= taken + 20


def test_no_free_port_says_what_to_do() -> None:
    with pytest.raises(Fault, match="--port"):
        free_socket("203.0.113.7", 8000)


def test_ready_is_said_when_the_page_answers() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        running = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(port=port)],
            cwd=ROOT,
            env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PATH": "/usr/bin:/bin", "HOME": "/tmp"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert running.stdout is not None
            said = running.stdout.readline().strip()
            assert said.startswith("Precedent is ready: http://127.0.0.1:")
            address = said.rsplit(" ", 1)[-1]
            assert not address.endswith(f":{port}")
            with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:
                assert answer.status == 200
        finally:
            running.terminate()
            _, complaint = running.communicate(timeout=20)
        assert f"Port {port} is taken" in complaint
