"""The shape of the code: imports point down, no circles, small modules, heavy libraries only where they are needed."""

import ast
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BELOW: dict[str, set[str]] = {
    "ui": {"assistant", "knowledge", "prompts"},
    "eval": {"assistant", "knowledge", "prompts"},
    "assistant": {"knowledge", "prompts"},
    "knowledge": set(),
    "prompts": set(),
}
HEAVY = (
    *("gradio", "torch", "sentence_transformers", "chromadb", "langchain_chroma", "pandas", "sklearn", "lightgbm"),
    *("av", "onnxruntime", "whisper", "faster_whisper", "ctranslate2", "silero_vad", "docx", "datasets", "numba"),
)
CHAT = re.compile(r"langchain\b|langchain_(?!chroma)|openai|anthropic")
LINES = 300
LONGER: dict[str, str] = {}  # module: why it may be longer; none at present (migrations are not counted)
CONFIGURED = {"assistant.wiring", "assistant.settings"}
TELEMETRY = {"GRADIO_ANALYTICS_ENABLED", "HF_HUB_DISABLE_TELEMETRY"}  # what the pages switch off, and nothing else


@cache
def _modules() -> dict[str, Path]:
    """Every module of the product by its dotted name; a package goes by its own name."""
    found = {}
    for layer in BELOW:
        for path in sorted((ROOT / layer).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_modules()[module].read_text(encoding="utf-8"))


@cache
def _imports(module: str) -> frozenset[str]:
    """Everything that the module imports, anywhere in it, as dotted names; of ours the modules themselves."""
    found: set[str] = set()
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            assert node.module
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            ours = names & set(_modules())
            found |= ours
            if len(ours) < len(names):
                found.add(node.module)
    return frozenset(found)


def _ours(module: str) -> set[str]:
    return {name for name in _imports(module) if name in _modules()}


def _layer(module: str) -> str:
    return module.split(".")[0]


MODULES = pytest.mark.parametrize("module", sorted(_modules()))


def test_every_layer_has_modules() -> None:
    assert {_layer(module) for module in _modules()} == set(BELOW)
    assert len(_modules()) > 50


@MODULES
def test_imports_point_down(module: str) -> None:
    allowed = BELOW[_layer(module)] | {_layer(module)}
    assert {_layer(name) for name in _imports(module)} & set(BELOW) <= allowed


def test_knowledge_knows_no_chat_model_and_pages_no_sql() -> None:
    for module in _modules():
        names = _imports(module)
        if _layer(module) == "knowledge":
            assert not [n for n in names if CHAT.match(n)], module
        if _layer(module) == "ui":
            assert not [n for n in names if n.split(".")[0] in ("sqlalchemy", "sqlite3", "tantivy", "faiss")], module


def _circle(start: str) -> list[str] | None:
    """A way from a module back to itself."""
    ways, seen = [[start]], set[str]()
    while ways:
        way = ways.pop()
        for name in _ours(way[-1]):
            if name == start:
                return [*way, name]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return None


@MODULES
def test_there_are_no_circles(module: str) -> None:
    assert _circle(module) is None


@MODULES
def test_modules_are_small(module: str) -> None:
    if ".migrations." in module:
        return
    lines = len(_modules()[module].read_text(encoding="utf-8").splitlines())
    assert lines <= LINES or module in LONGER, f"{module} has {lines} lines: split it by meaning"


def test_no_exception_from_the_size_is_stale() -> None:
    for module, reason in LONGER.items():
        assert reason
        assert len(_modules()[module].read_text(encoding="utf-8").splitlines()) > LINES


def _environment(module: str) -> list[ast.AST]:
    """Places that read or set the environment."""
    names = {"environ", "getenv", "putenv", "environb"}
    return [
        node
        for node in ast.walk(_tree(module))
        if (isinstance(node, ast.Attribute) and node.attr in names)
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and {a.name for a in node.names} & names)
    ]


@MODULES
def test_only_the_wiring_reads_the_configuration(module: str) -> None:
    source = _modules()[module].read_text(encoding="utf-8")
    if module in ("ui.page", "ui.server"):
        names = re.findall(r"^os\.environ\[\"([A-Z_]+)\"\] = ", source, re.MULTILINE)
        assert len(names) == len(_environment(module))
        assert set(names) <= TELEMETRY
        return
    assert module in CONFIGURED or not _environment(module)
    if module != "assistant.wiring":
        assert "assistant.settings" not in _imports(module)


@MODULES
def test_only_the_command_line_and_the_measurements_print(module: str) -> None:
    if _layer(module) not in ("assistant", "knowledge", "prompts"):
        return
    called = [
        (n.func.id, n.lineno)
        for n in ast.walk(_tree(module))
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    ]
    assert not [(name, line) for name, line in called if name in ("print", "breakpoint", "input")]


@MODULES
def test_a_broad_except_stands_at_the_edge_only(module: str) -> None:
    if _layer(module) == "ui":
        return
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            names = {c.id for c in caught if isinstance(c, ast.Name)}
            assert node.type is not None, f"{module}:{node.lineno} catches everything"
            assert not names & {"Exception", "BaseException"}, f"{module}:{node.lineno} catches everything"


@MODULES
def test_every_module_says_what_it_does(module: str) -> None:
    assert ast.get_docstring(_tree(module)) or not _tree(module).body


@MODULES
def test_names_are_of_the_city_not_of_the_workshop(module: str) -> None:
    assert not re.search(r"(?:^|[._])(?:utils?|helpers?|common|managers?|misc)(?:$|[._])", module)


def _texts() -> list[Path]:
    """Every text that belongs to the repository: what git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, timeout=30
    )
    if listed.returncode:
        return [
            p for layer in [*BELOW, "tests"] for kind in ("py", "md", "toml") for p in (ROOT / layer).rglob(f"*.{kind}")
        ]
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def test_nothing_is_left_to_be_done() -> None:
    mark = re.compile(rb"\b(?:TO" + rb"DO|FIX" + rb"ME|XX" + rb"X)\b")
    left = []
    for path in _texts():
        if path.is_file() and path.suffix not in (".png", ".npz", ".jsonl", ".csv", ".xlsx", ".ico", ".woff2"):
            left += [f"{path.relative_to(ROOT)}: {m.group().decode()}" for m in mark.finditer(path.read_bytes())]
    assert not left


def _loaded(code: str) -> set[str]:
    """Which heavy libraries a fresh interpreter has loaded after running some code."""
    shown = f"import sys\ntry:\n    exec({code!r})\nexcept SystemExit:\n    pass\nprint(*sys.modules, file=sys.stderr)"
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", shown], cwd=ROOT, capture_output=True, check=True, env=environment, timeout=60
    )
    return {name.split(".")[0] for name in done.stderr.decode().split()} & set(HEAVY)


@pytest.mark.parametrize(
    "code",
    [
        "import assistant.wiring",
        "from ui.command import main; main(['--help'])",
        "from ui.command import main; main(['import', '--help'])",
        "import ui.commands",
        "from assistant.wiring import open_workplace; open_workplace().desk.ask('桥下积水')",
    ],
)
def test_heavy_libraries_are_loaded_by_those_who_need_them_only(code: str) -> None:
    assert _loaded(code) == set()


def test_help_loads_no_index_either() -> None:
    code = "import sys\nfrom ui.command import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
    code += "print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, timeout=60)
    loaded = {name.split(".")[0] for name in done.stderr.decode().split()}
    assert not loaded & {"numpy", "scipy", "sqlalchemy", "faiss", "tantivy", "fastapi", "pydantic", *HEAVY}
