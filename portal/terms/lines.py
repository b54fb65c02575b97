"""Where things stand in a TOML file."""

from functools import lru_cache


class TomlLines:
    """Where a table of a TOML file begins: tomllib does not tell."""

    def __init__(self, source: str) -> None:
        self._lines = source.split("\n")
        self._found: dict[str, int] = {}
        self._entries: dict[str, list[int]] = {}

    def find(self, start: str) -> int:
        if start not in self._found:
            numbered = enumerate(self._lines, start=1)
            self._found[start] = next((number for number, line in numbered if line.startswith(start)), 0)
        return self._found[start]

    def table(self, key: str) -> int:
        return self.find(f"[{key}]")

    def entry(self, name: str, index: int) -> int:
        if name not in self._entries:
            numbered = enumerate(self._lines, start=1)
            self._entries[name] = [number for number, line in numbered if line.strip() == f"[[{name}]]"]
        starts = self._entries[name]
        return starts[index] if index < len(starts) else 0


@lru_cache(maxsize=64)
def lines_of(raw: bytes) -> TomlLines:
    """The lines of a file's bytes."""
    # Versions often share their clauses.toml.
    return TomlLines(raw.decode())
