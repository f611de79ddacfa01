"""What can go wrong, as sentences: what is wrong, then what to do next. The command line maps them to exit codes."""

__all__ = ["BadInput", "Fault", "NotFound", "PrecedentError"]


class PrecedentError(Exception):
    """Base of the errors whose text may be shown to a person as it stands."""


class BadInput(PrecedentError):
    """The caller gave something that cannot be used (exit code 2, HTTP 400)."""


class NotFound(BadInput):
    """What was named does not exist, or is not the caller's to see (exit code 2, HTTP 404)."""


class Fault(PrecedentError):
    """Something on this machine failed: disk, database, model (exit code 1, HTTP 503)."""
