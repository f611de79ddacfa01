"""Who acts, until people sign in: a name and a department, chosen once and kept in a cookie.

Names are taken on trust: nothing here proves who somebody is, and the pages say so. It knows no task and no page.
"""

import json
from collections.abc import Mapping
from urllib.parse import quote, unquote

from fastapi import Response
from pydantic import ValidationError

from knowledge.errors import BadInput
from knowledge.task import Person

__all__ = ["PERSON_COOKIE", "forget", "keep", "person_from", "person_of", "place_to_return"]

PERSON_COOKIE = "precedent-person"
_YEAR_S = 31_536_000
_LONGEST = 4_000  # characters of the quoted cookie
_LONGEST_PLACE = 500


def person_of(cookies: Mapping[str, str]) -> Person | None:
    """The person that a browser's cookie names; None where there is none, or it cannot be read.

    >>> person_of({PERSON_COOKIE: "%7B%22name%22%3A%22%E7%8E%8B%E6%95%8F%22%7D"})
    Person(name='王敏', department=None)
    """
    kept = cookies.get(PERSON_COOKIE, "")
    if not kept or len(kept) > _LONGEST:
        return None
    try:
        return Person.model_validate(json.loads(unquote(kept, errors="strict")))
    except (ValueError, RecursionError):  # pydantic's ValidationError is a ValueError
        return None


def person_from(name: str, department: str | None) -> Person:
    """A person as somebody wrote it. Raises BadInput for a name that is empty or longer than 100 characters, or a
    department's id longer than 200."""
    try:
        return Person(name=" ".join(name.split()), department=department or None)
    except ValidationError as error:
        place = error.errors()[0]["loc"][0]
        raise BadInput(f"the {place} of a person cannot be used; write a name of 1 to 100 characters") from error


def keep(answer: Response, person: Person) -> None:
    """Puts the person into the browser's cookie, for a year; no script reads it, no other site sends it with a form."""
    content = json.dumps(person.model_dump(exclude_none=True), ensure_ascii=False, separators=(",", ":"))
    answer.set_cookie(PERSON_COOKIE, quote(content, safe=""), max_age=_YEAR_S, samesite="lax", httponly=True)


def forget(answer: Response) -> None:
    """Takes the person out of the browser."""
    answer.delete_cookie(PERSON_COOKIE, samesite="lax", httponly=True)


def place_to_return(wanted: str | None) -> str:
    """An address on this server to go back to; the tasks for anything that might lead elsewhere.

    >>> place_to_return("/tasks/3"), place_to_return("//example.org"), place_to_return("https://example.org")
    ('/tasks/3', '/tasks', '/tasks')
    """
    if not wanted or len(wanted) > _LONGEST_PLACE or not wanted.isprintable():
        return "/tasks"
    elsewhere = not wanted.startswith("/") or wanted.startswith("//") or "\\" in wanted
    return "/tasks" if elsewhere else wanted
