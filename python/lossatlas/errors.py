"""What can be wrong with a file, or missing in it."""

from __future__ import annotations

from typing import Iterable


class FileError(ValueError):
    """A file that cannot be read as results of lossatlas. The message says what it is instead."""


class MissingResult(KeyError):
    """A result that a file does not have. The message says what it has instead."""

    def __str__(self) -> str:
        # That of KeyError would show the message as a string of Python.
        return str(self.args[0]) if self.args else ""


def listed(names: Iterable[object], limit: int = 12) -> str:
    """`a, b and c`; `nothing` if there is none."""
    words = [str(name) for name in names]
    if not words:
        return "nothing"
    if len(words) > limit:
        words = [*words[:limit], f"{len(words) - limit} more"]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
