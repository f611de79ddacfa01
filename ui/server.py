"""The web server: the page at "/", the pages of the hotline, of tasks and of what was learned, the HTTP API,
`/healthz`, `/metrics` and `/docs`, and the loop that serves them.

It knows no ranking and no storage. A port that is taken is not an error: the next free one is used and named.
"""

import http.client
import logging
import socket
import sys
import threading
import time
from typing import Any

import uvicorn
from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse, JSONResponse

from assistant.followup import FollowUps
from assistant.hotline import Hotline
from assistant.learnwiring import Learning
from assistant.taskdesk import TaskDesk
from knowledge.errors import Fault, PrecedentError
from ui.api import add_api
from ui.call_page import add_call_pages
from ui.facade import Assistant
from ui.hotline_pages import add_hotline_pages
from ui.learning_api import create_learning_router, door_of
from ui.learning_pages import add_learning_pages
from ui.metrics import Measured, Metrics
from ui.page import mount_page
from ui.reference import reference
from ui.task_api import create_task_router
from ui.task_pages import add_task_pages

__all__ = ["create_app", "free_socket", "serve"]

logger = logging.getLogger(__name__)

_TRIES = 20
_READY_WITHIN = 120.0  # seconds
_LEARNING_ENDS_WITHIN = 5.0
# Only this server: no script, font or picture from elsewhere can load, whatever a text contains. Gradio's templates
# are compiled in the browser, hence 'unsafe-eval'.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


class _Headers:
    """Adds the safety headers to every response."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", []), *extra]}
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def create_app(
    assistant: Assistant, *, demo: bool = False, hotline: Hotline | None = None, tasks: TaskDesk | None = None,
    follow_ups: FollowUps | None = None, learning: Learning | None = None,
) -> FastAPI:  # fmt: skip
    """The whole application; its metrics are its own, so that several may live in one process."""
    metrics = Metrics()
    measured = Measured(assistant, metrics)
    app = FastAPI(title="Precedent 先例", version="1", docs_url=None, redoc_url=None)
    app.add_middleware(_Headers)
    add_api(app, measured, hotline)

    @app.get("/healthz", include_in_schema=False)
    def healthz() -> JSONResponse:
        try:
            stats = assistant.stats()
        except PrecedentError as error:
            return JSONResponse({"status": "fault", "error": str(error)}, status_code=503)
        return JSONResponse({"status": "ok", "cases": stats.get("cases", 0), "change": stats.get("change", 0)})

    @app.get("/metrics", include_in_schema=False)
    def exposition() -> Response:
        return Response(metrics.exposition(), media_type=metrics.media_type)

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(reference(app.openapi()))

    if hotline is not None:
        add_hotline_pages(app, measured, hotline, demo=demo)
        add_call_pages(app, measured, hotline, demo=demo, tasks=tasks)
    if tasks is not None:
        app.include_router(create_task_router(tasks))
        add_task_pages(app, measured, tasks, demo=demo)
    if learning is not None:
        door = door_of(learning)
        app.include_router(create_learning_router(door))
        add_learning_pages(app, measured, door, demo=demo)
    return mount_page(app, measured, demo=demo, tasks=tasks, follow_ups=follow_ups)


def free_socket(host: str, port: int) -> tuple[socket.socket, int]:
    """A listening socket on `port` or the first free one of the 20 that follow; Fault if all are taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for wanted in range(port, port + _TRIES + 1):
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((host, wanted))
            bound.listen(128)
        except (OSError, OverflowError):
            bound.close()
            continue
        return bound, int(bound.getsockname()[1])
    raise Fault(f"ports {port} to {port + _TRIES} on {host} cannot be used; name another with --port or --host")


def serve(
    assistant: Assistant, host: str, port: int, demo: bool, hotline: Hotline | None = None,
    tasks: TaskDesk | None = None, follow_ups: FollowUps | None = None, learning: Learning | None = None,
) -> None:  # fmt: skip
    """Serves until it is interrupted, and works on calls meanwhile; says that it is ready only when the page
    answers."""
    listening, taken = free_socket(host, port)
    if port not in (0, taken):
        print(f"Port {port} is taken; using {taken} instead.", file=sys.stderr, flush=True)
    app = create_app(assistant, demo=demo, hotline=hotline, tasks=tasks, follow_ups=follow_ups, learning=learning)
    config = uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=3)
    server = uvicorn.Server(config)
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    shown = f"[{here}]" if ":" in here else here
    announcer = threading.Thread(
        target=_announce, args=(here, taken, f"http://{shown}:{taken}", server), name="ready", daemon=True
    )
    announcer.start()
    if hotline is not None:
        hotline.jobs.start()
    try:
        server.run(sockets=[listening])
    finally:
        listening.close()
        if hotline is not None:
            hotline.jobs.close()
        if learning is not None:
            learning.background.wait(_LEARNING_ENDS_WITHIN)


def _announce(host: str, port: int, address: str, server: uvicorn.Server) -> None:
    until = time.monotonic() + _READY_WITHIN
    while time.monotonic() < until and not server.should_exit:
        if _answers(host, port):
            print(f"Precedent is ready: {address}", flush=True)
            return
        time.sleep(0.2)
    if not server.should_exit:
        logger.error("the page at %s did not answer within %.0f seconds; see the lines above", address, _READY_WITHIN)


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
