"""The scripts and styles of the pages under addresses that change with their content, so that a browser may keep them
for ever.

Only files that lie in `static` itself are given out, by their plain names.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path

from fastapi import FastAPI, Response

from knowledge.errors import NotFound

__all__ = ["add_assets", "address", "content"]

STATIC = Path(__file__).parent / "static"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


@cache
def content(name: str) -> bytes:
    """What the file holds, read once. Raises NotFound for a name that is no style or script of ours."""
    known = {path.name: path for path in STATIC.iterdir() if path.suffix in _TYPES}
    if name not in known:
        raise NotFound(f"there is no page file {name!r}; reload the page")
    return known[name].read_bytes()


@cache
def address(name: str) -> str:
    """Where a browser gets the file; another content has another address."""
    return f"/pages/{_digest(name)}/{name}"


def _digest(name: str) -> str:
    return sha256(content(name)).hexdigest()[:12]


def add_assets(app: FastAPI) -> None:
    """Puts the route of these files into an app. An old address gets the present content, which is not kept."""

    @app.get("/pages/{digest}/{name}", include_in_schema=False)
    def asset(digest: str, name: str) -> Response:
        body = content(name)
        keep = "public, max-age=31536000, immutable" if digest == _digest(name) else "no-cache"
        return Response(body, media_type=_TYPES[Path(name).suffix], headers={"cache-control": keep})
