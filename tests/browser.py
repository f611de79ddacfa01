"""A real Chromium for the tests of pages: apps served in this process, tabs that note what went wrong in them and what
they asked of the network, and the measure of contrast. The fixtures `browser`, `tabs` and `folder` are in conftest."""

import importlib.util
import os
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from ui.server import free_socket

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def in_browser(*modules: str) -> list[pytest.MarkDecorator]:
    """The marks of a module of browser tests that also needs `modules`; in CI nothing is skipped."""
    missing = [] if shutil.which("chromium") else ["chromium"]
    missing += [name for name in ("playwright", *modules) if importlib.util.find_spec(name) is None]
    return [
        pytest.mark.browser,
        pytest.mark.skipif(bool(missing) and not os.environ.get("CI"), reason=f"not installed: {', '.join(missing)}"),
    ]


@contextmanager
def served(app: FastAPI, port: int = 7960) -> Iterator[str]:
    """The address of an app while it is served, at `port` or the next free one."""
    listening, taken = free_socket("127.0.0.1", port)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    until = time.monotonic() + 30
    while not server.started and time.monotonic() < until:
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{taken}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listening.close()


@contextmanager
def chromium() -> Iterator[Any]:
    """A running browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=shutil.which("chromium"), headless=True, args=ARGUMENTS)
        yield running
        running.close()


@dataclass
class Tabs:
    """Opens tabs, and holds what went wrong in any of them. Errors of the console count unless `strict` is off."""

    browser: Any
    strict: bool = True
    contexts: list[Any] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def context(self, *, size: Mapping[str, int] = WIDE, locale: str = "zh-CN", dark: bool = False) -> Any:
        """A browser of its own: nothing of another one's cookies or memory is known to it."""
        self.contexts.append(
            self.browser.new_context(
                viewport=size, locale=locale, color_scheme="dark" if dark else "light", reduced_motion="reduce"
            )
        )
        return self.contexts[-1]

    def open(self, context: Any, address: str, *, patience_s: float = 15) -> Any:
        """A tab of a browser at an address."""
        page = context.new_page()
        page.set_default_timeout(1000 * patience_s)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        if self.strict:
            page.on("console", lambda said: self.problems.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(address)
        return page

    def close(self) -> None:
        """Closes all; fails where something went wrong, or something was asked of another machine."""
        for context in self.contexts:
            context.close()
        outside = [url for url in self.requests if not url.startswith(("http://127.0.0.1:", "data:", "blob:"))]
        assert not outside, f"nothing may leave this machine: {outside}"
        assert not self.problems, f"the console says: {self.problems}"


def is_narrow_enough(page: Any) -> bool:
    """Whether nothing stands out of the window at its side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


# For each visible text: the WCAG ratio of its colour to the first opaque background behind it; those under 4.5.
CONTRAST = """() => {
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const channel = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0.99) return c;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const e of document.querySelectorAll('#header *, #main *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility() || e.closest('.skip, .sr-only')) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) low.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)} ${e.textContent.slice(0, 20)}`);
  }
  return low;
}"""
