"""The README is true: commands run, targets, paths, links and pictures exist, the sample row can be imported."""

import json
import re
import shlex
from pathlib import Path

import pytest

from ui.command import main

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
if not README.is_file():
    pytest.skip("README.md is not written yet", allow_module_level=True)
TEXT = README.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
COMMANDS = [
    shlex.split(line.removeprefix("$ "), comments=True)
    for language, block in BLOCKS
    if language in ("sh", "console", "bash")
    for line in block.splitlines()
    if line.strip() and (language != "console" or line.startswith("$ "))
]
COMMANDS = [words for words in COMMANDS if words]
TARGETS = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
PROSE = re.sub(r"^```.*?^```", "", TEXT, flags=re.MULTILINE | re.DOTALL)


def test_there_are_commands_and_the_first_is_one_that_shows_a_result() -> None:
    assert COMMANDS
    assert COMMANDS[0][0] in ("make", "precedent")


def test_every_command_runs_in_the_order_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    samples = [block for language, block in BLOCKS if language == "json"]
    Path("cases.jsonl").write_text("".join(samples), encoding="utf-8")
    for words in COMMANDS:
        if words[0] == "make":
            assert set(words[1:]) <= TARGETS, f"the Makefile has no {words[1:]}"
            continue
        assert words[0] == "precedent", f"{words} is neither precedent nor make: teach this test to run it"
        assert words[1] != "serve", "a server never ends: name it in the text instead"
        assert words[1] != "demo" or "--load-only" in words
        capsys.readouterr()
        assert main(words[1:]) == 0, words
        said = capsys.readouterr().out
        assert said or "--to" in words
        if "--json" in words:
            json.loads(said)


def test_the_sample_rows_are_read_without_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path / "home"))
    for language, block in BLOCKS:
        if language == "json":
            path = tmp_path / "sample.jsonl"
            path.write_text(block, encoding="utf-8")
            capsys.readouterr()
            assert main(["import", str(path), "--json"]) == 0
            report = json.loads(capsys.readouterr().out)
            assert report["errors"] == []
            assert report["added"] == len(block.strip().splitlines())


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make (\w+)`", PROSE))))
def test_targets_named_in_the_text_exist(target: str) -> None:
    assert target in TARGETS


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`precedent (\w+)", PROSE))))
def test_commands_named_in_the_text_exist(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0


def _tree() -> list[str]:
    """Paths of the annotated tree: two blanks of indentation for each level."""
    found: list[str] = []
    for language, block in BLOCKS:
        lines = [line for line in block.splitlines() if line.strip()]
        if language or not lines or not lines[0].split()[0].endswith("/"):
            continue
        above: list[str] = []
        for line in lines:
            depth = (len(line) - len(line.lstrip())) // 2
            above = [*above[:depth], line.split()[0].rstrip("/")]
            found.append("/".join(above))
    return found


def test_the_tree_is_there_and_names_every_layer() -> None:
    assert {"assistant", "knowledge", "prompts", "ui", "eval", "tests"} <= set(_tree())


@pytest.mark.parametrize("path", _tree())
def test_every_path_of_the_tree_exists(path: str) -> None:
    assert (ROOT / path).exists()


LINKS = sorted(set(re.findall(r"\]\(([^)\s]+)\)", PROSE)) | set(re.findall(r'(?:src|href)="([^"]+)"', PROSE)))


@pytest.mark.parametrize("link", [link for link in LINKS if not re.match(r"[a-z]+:", link)])
def test_every_relative_link_and_picture_exists(link: str) -> None:
    name, _, anchor = link.partition("#")
    target = ROOT / name if name else README
    assert target.exists()
    if anchor:
        headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def test_nothing_is_left_to_be_done() -> None:
    assert not re.search(r"\bTO" + r"DO\b|\bTBD\b|\(#\)", TEXT)


def test_the_number_of_demo_cases_is_the_true_one(demo_cases: tuple[object, ...]) -> None:
    for number in re.findall(r"(\d+) cases", PROSE):
        assert int(number) == len(demo_cases)
