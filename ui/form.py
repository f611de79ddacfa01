"""What a form of our own pages sent: its fields, once it is sure that it comes from one of our pages.

A browser says where a request comes from (Sec-Fetch-Site, Origin, Referer); what comes from another site is refused, so
that no foreign page can act in a person's name. It knows no field by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from knowledge.errors import BadInput

__all__ = ["Fields", "Form", "is_foreign", "is_ours", "refuse_foreign"]

LARGEST = 1_000_000  # bytes
_MOST = 2_000  # fields


@dataclass(frozen=True)
class Fields:
    """The fields of a form, by name; of two with one name the last counts. Line ends are those of Unix."""

    values: Mapping[str, str]

    def __call__(self, name: str) -> str:
        """What was written in a field, without blanks around it; empty where there is no such field."""
        return self.values.get(name, "").strip()


def _said(headers: Mapping[str, str]) -> bool | None:
    """Whether a request comes from this server's own pages, as the browser says it; None where it says nothing."""
    site = headers.get("sec-fetch-site")
    if site:
        return site in ("same-origin", "none")
    named = headers.get("origin") or headers.get("referer")
    if not named:
        return None
    return urlsplit(named).netloc.lower() == headers.get("host", "").lower()


def is_ours(headers: Mapping[str, str]) -> bool:
    """Whether the browser says that a request comes from one of our own pages.

    >>> is_ours({"origin": "https://a.org", "host": "a.org"}), is_ours({"sec-fetch-site": "cross-site"}), is_ours({})
    (True, False, False)
    """
    return _said(headers) is True


def is_foreign(headers: Mapping[str, str]) -> bool:
    """Whether the browser says that a request comes from another site. Programs say nothing and are not meant.

    >>> is_foreign({"origin": "null", "host": "a.org"}), is_foreign({})
    (True, False)
    """
    return _said(headers) is False


def refuse_foreign(request: Request) -> None:
    """For routes that programs call too: refuses (HTTP 403) what a browser sends from another site's page."""
    if is_foreign(request.headers):
        raise HTTPException(403, "this was sent from another site and was not done; use this server's own pages")


async def _sent(request: Request) -> Fields:
    if not is_ours(request.headers):
        raise HTTPException(403, "this form was not sent from this server's own page and was not saved; open the page")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise BadInput("the form cannot be read; send it from the page")
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > LARGEST:
            raise BadInput(f"the form is larger than {LARGEST:,} bytes; shorten its texts")
    try:
        pairs = parse_qsl(found.decode(), keep_blank_values=True, max_num_fields=_MOST, errors="strict")
    except ValueError as error:
        raise BadInput("the form cannot be read; send it from the page") from error
    return Fields({name: value.replace("\r\n", "\n").replace("\x00", "") for name, value in pairs})


Form = Annotated[Fields, Depends(_sent)]
