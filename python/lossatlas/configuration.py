"""The effective configuration of a run."""

from __future__ import annotations

from typing import Any

try:
    import tomllib
except ImportError:  # Before Python 3.11.
    import tomli as tomllib  # type: ignore[no-redef]

# What is a list with names in a configuration file: `kpca.NAME.kernel`. The names may have dots.
_NAMED = {"distance", "graph", "import", "kpca", "surface"}


def parse(text: str) -> dict[str, Any]:
    """A dictionary of `section.key = value` lines. Values are those of TOML, or else texts.

    Keys of earlier versions are not always those of TOML: a name such as `dropout/train` had no
    quotes.
    """
    parsed: dict[str, Any] = {}
    for line in text.splitlines():
        key, equals, value = line.partition(" = ")
        if not equals:
            continue
        parts = key.split(".")
        if '"' in key:
            parts = [part.strip(".") for part in key.split('"')]
        elif parts[0] in _NAMED and len(parts) > 2:
            parts = [parts[0], ".".join(parts[1:-1]), parts[-1]]
        section = parsed
        for part in parts[:-1]:
            section = section.setdefault(part, {})
        section[parts[-1]] = value if parts[-1] == "checksum" else _value(value)
    return parsed


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
