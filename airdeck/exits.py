"""Exit codes, and the errors that end a command with one of them."""

from enum import IntEnum


class ExitCode(IntEnum):
    """As every command uses them."""

    DONE = 0
    NO = 1
    """The answer is no: a check failed, a report did not pass."""
    USAGE = 2
    """Wrong use or bad input."""
    MISSING = 3
    """A device or service is missing."""


class ExitError(Exception):
    """Ends the command; the message is one or a few sentences for a person, with what to do."""

    code = ExitCode.NO


class UsageError(ExitError):
    code = ExitCode.USAGE


class MissingError(ExitError):
    code = ExitCode.MISSING


class RefusedError(ExitError):
    code = ExitCode.NO
