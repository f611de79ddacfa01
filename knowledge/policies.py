"""The shelf of models and the history of the gate in SQL: both only grow. Each model lies beside it as a readable file
too, made from SQL wherever it is missing. What a model says is not read here.
"""

import hashlib
import math
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row, func, insert, select

from knowledge import learning_tables as lt
from knowledge.call_rows import utc
from knowledge.database import json_ready, reading, to_column, writing
from knowledge.errors import BadInput, Fault, NotFound
from knowledge.numbering import hold_numbers, next_number

__all__ = ["GateRow", "Policies", "PolicyRow"]

_DIGITS = 8  # of the hash that stand in a version
_KINDS = ("fitted", "trial", "ready", "promoted", "refused", "suspended", "rolled_back", "paused")


@dataclass(frozen=True)
class PolicyRow:
    """A model as it is kept: its version ("p0001-1a2b3c4d": a count and the beginning of its hash), when it was fitted,
    the number of the last event it has seen, the SHA-256 of its text in UTF-8, the text."""

    version: str
    fitted_at: datetime
    watermark: int
    sha256: str
    text: str


@dataclass(frozen=True)
class GateRow:
    """A step of the gate; `number` counts steps from 1."""

    at: datetime
    kind: str
    champion: str
    challenger: str | None
    by: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    number: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Policies:
    """Models and steps in one database; `folder` holds the readable files (None: there are none)."""

    engine: Engine
    folder: Path | None = None

    def put(self, text: str, *, watermark: int, at: datetime) -> PolicyRow:
        """Keeps a model and gives it a version; the same text again is the model that is there. Raises Fault where its
        file cannot be written; the model is kept all the same."""
        sha256 = _sum(text)
        p = lt.policies.c
        with writing(self.engine) as connection:
            hold_numbers(connection, "policy")
            row = connection.execute(select(lt.policies).where(p.sha256 == sha256)).first()
            if row is None:
                position = next_number(connection, "policy")
                row_values = {
                    "version": f"p{position:04d}-{sha256[:_DIGITS]}", "position": position, "fitted_at": to_column(at),
                    "watermark": watermark, "sha256": sha256, "text": text,
                }  # fmt: skip
                connection.execute(insert(lt.policies).values(row_values))
                row = connection.execute(select(lt.policies).where(p.sha256 == sha256)).one()
        kept = _policy(row)
        self._mirror(kept)
        return kept

    def get(self, version: str) -> PolicyRow:
        """A model. Raises NotFound; Fault where its text, or the file beside it, no longer fits its hash."""
        with reading(self.engine) as connection:
            row = connection.execute(select(lt.policies).where(lt.policies.c.version == version)).first()
        if row is None:
            raise NotFound(f"there is no model {version}; the page of what was learned lists those that are there")
        kept = _policy(row)
        self._mirror(kept)
        return kept

    def policies(self) -> tuple[PolicyRow, ...]:
        """All models, oldest first. Raises Fault as `get` does for a text; files are not looked at."""
        with reading(self.engine) as connection:
            rows = connection.execute(select(lt.policies).order_by(lt.policies.c.position)).all()
        return tuple(_policy(row) for row in rows)

    def note(self, step: GateRow) -> int:
        """Writes a step of the gate and gives its number. Figures that are no finite number are kept as None. Raises
        BadInput for an unknown kind."""
        if step.kind not in _KINDS:
            raise BadInput(f"{step.kind} is no step of the gate; it is one of {', '.join(_KINDS)}")
        values = {**step.__dict__, "at": to_column(step.at), "figures": _finite(json_ready(dict(step.figures)))}
        with writing(self.engine) as connection:
            number = next_number(connection, "gate")
            connection.execute(insert(lt.gate_events).values({**values, "number": number}))
        return number

    def history(self, since: int = 0) -> tuple[GateRow, ...]:
        """All steps after number `since`, oldest first."""
        g = lt.gate_events.c
        query = select(g.at, g.kind, g.champion, g.challenger, g.by, g.figures, g.note, g.number)
        with reading(self.engine) as connection:
            rows = connection.execute(query.where(g.number > since).order_by(g.number)).all()
        return tuple(GateRow(utc(row.at), *row[1:]) for row in rows)

    def steps(self) -> int:
        """How many steps there are: who keeps the history reads it again when this grows."""
        with reading(self.engine) as connection:
            return int(connection.execute(select(func.count()).select_from(lt.gate_events)).scalar_one())

    def _mirror(self, kept: PolicyRow) -> None:
        """The model's text as a file, byte for byte: written where it is missing, else compared."""
        if self.folder is None:
            return
        path = self.folder / f"{kept.version}.json"
        try:
            if path.exists():
                if hashlib.sha256(path.read_bytes()).hexdigest() != kept.sha256:
                    raise Fault(f"{path} is not model {kept.version} any more; move it away, it is then written anew")
                return
            self.folder.mkdir(parents=True, exist_ok=True)
            temporary = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.tmp")
            with temporary.open("wb") as file:
                file.write(kept.text.encode())
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            raise Fault(
                f"{path} cannot be written or read ({error.strerror}); check the disk and the rights of the folder "
                "(the model itself is safe in the database)"
            ) from error


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _policy(row: Row[Any]) -> PolicyRow:
    if _sum(row.text) != row.sha256:
        raise Fault(f"model {row.version} no longer fits its hash; restore it from a back-up or roll back to another")
    return PolicyRow(row.version, utc(row.fitted_at), row.watermark, row.sha256, row.text)


def _finite(value: Any) -> Any:
    """JSON knows neither infinity nor what is no number.

    >>> _finite({"a": [1.5, float("inf")]})
    {'a': [1.5, None]}
    """
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
