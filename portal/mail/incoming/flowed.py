"""Text whose lines flow (RFC 3676)."""


def unflowed(text: str, *, delete_space: bool) -> str:
    """Join the lines of a flowed paragraph (RFC 3676), at one level of quoting."""
    out: list[str] = []
    before: int | None = None  # the level of a line that goes on
    for line in text.split("\n"):
        level = len(line) - len(line.lstrip(">"))
        words = line[level:].removeprefix(" ")
        flows = words.endswith(" ") and words != "-- "
        kept = words[:-1] if flows and delete_space else words
        if before == level and out and words != "-- ":
            out[-1] += kept
        else:
            out.append((">" * level + " " if level else "") + kept)
        before = level if flows else None
    return "\n".join(out)
