"""Comparison of two versions: clauses aligned first, then alinéas, then words.

Aligning in that order is what keeps it quick (difflib on whole articles is a
hundred times slower) and what lets a reader see that 7.3 became 7.4 instead of
two unrelated changes.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal

from portal.terms.text import Clause
from portal.terms.versions import Version

ClauseKind = Literal["unchanged", "changed", "added", "removed", "moved", "renumbered"]
#: A number is one word, decimals and thousands included: 0.60 became 0.70, not 60 became 70.
_TOKEN = re.compile(r"\d+(?:[ \u00a0\u202f]\d{3}(?!\d))*(?:[.,]\d+)*|\w+|\s+|[^\w\s]")
#: A title as short as this ("-", "bis") does not tell two clauses apart.
_SHORT = 3
#: Two clauses of one number and as little in common as this are the same clause, rewritten.
_SAME_NUMBER = 0.4
#: Two clauses of different numbers must have this much in common to be one clause, renumbered.
_OTHER_NUMBER = 0.6
#: Below this, two alinéas are shown as one removed and one added: word marks would be noise.
_SAME_BLOCK = 0.35


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of words of one side: kept, or only on this side."""

    kind: Literal["same", "del", "ins"]
    text: str


@dataclass(frozen=True, slots=True)
class BlockChange:
    """A heading, alinéa or list item on both sides; the side that lacks it has no runs."""

    role: Literal["heading", "paragraph", "item"]
    kind: Literal["same", "changed", "added", "removed"]
    old_runs: tuple[Run, ...]
    new_runs: tuple[Run, ...]

    @property
    def inline_runs(self) -> tuple[Run, ...]:
        """Both sides in one line of reading: what went out before what came in."""
        merged: list[Run] = []
        old, new = list(self.old_runs), list(self.new_runs)
        while old or new:
            if old and old[0].kind == "del":
                merged.append(old.pop(0))
            elif new and new[0].kind == "ins":
                merged.append(new.pop(0))
            else:
                merged.append(old.pop(0))
                new.pop(0)
        return tuple(merged)


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """One clause of the comparison. ``old`` is None when added, ``new`` when removed."""

    kind: ClauseKind
    old: Clause | None
    new: Clause | None
    text_changed: bool
    blocks: tuple[BlockChange, ...]

    @property
    def clause(self) -> Clause:
        """The side to name it by: the new one where there is one."""
        if self.new is not None:
            return self.new
        if self.old is None:
            raise ValueError("a change has at least one side")
        return self.old


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every clause of both versions, in the order of the new one, removed ones at their old place.

    The title and the closing line stand first and last, as clauses without a number (anchors ``titre``
    and ``date``): they are text of the terms too.
    """

    old: str
    new: str
    rows: tuple[ClauseChange, ...]

    def count(self, kind: ClauseKind) -> int:
        return sum(row.kind == kind for row in self.rows)

    @property
    def identical(self) -> bool:
        return all(row.kind == "unchanged" for row in self.rows)


def compare(old: Version, new: Version) -> Comparison:
    """Compare two versions, clause by clause, down to the word."""
    before, after = old.clauses, new.clauses
    pairs = _align(before, after)
    steady = _longest_rise([pairs[index] for index in sorted(pairs)])
    rows: list[ClauseChange] = []
    shown = 0
    partner = {theirs: ours for ours, theirs in pairs.items()}
    # Removed clauses stand where they stood: before the first kept clause that followed them.
    gone = [index for index in range(len(before)) if index not in partner]
    for position, clause in enumerate(after):
        ours = pairs.get(position)
        if ours is not None and ours in steady:
            while shown < len(gone) and gone[shown] < ours:
                rows.append(_removed(before[gone[shown]]))
                shown += 1
        rows.append(_added(clause) if ours is None else _kept(before[ours], clause, ours in steady))
    rows += [_removed(before[index]) for index in gone[shown:]]
    title, closing = _line("titre", old.title, new.title), _line("date", old.closing, new.closing)
    return Comparison(old.slug, new.slug, (*title, *rows, *closing))


def _line(anchor: str, old: str, new: str) -> Iterator[ClauseChange]:
    """Title and closing line: text without a number, compared as a heading is. Yield one row, or none."""
    before, after = (_unnumbered(anchor, words) if words else None for words in (old, new))
    if before and after:
        yield _kept(before, after, steady=True)
    elif after:
        yield _added(after)
    elif before:
        yield _removed(before)


def _unnumbered(anchor: str, words: str) -> Clause:
    return Clause(number="", anchor=anchor, heading=words, title=words, depth=1, offset=0, level=1, blocks=())


def _align(old: Sequence[Clause], new: Sequence[Clause]) -> dict[int, int]:
    """Index of each new clause's old self. Surest matches first, each clause used once."""
    pairs: dict[int, int] = {}
    free = set(range(len(old)))

    def match(same: Callable[[Clause, Clause], bool]) -> None:
        for position, clause in enumerate(new):
            if position in pairs:
                continue
            found = [index for index in sorted(free) if same(old[index], clause)]
            if found:
                # Of several equals the one of the same anchor, else the first.
                best = next((index for index in found if old[index].anchor == clause.anchor), found[0])
                pairs[position] = best
                free.discard(best)

    match(lambda a, b: a.anchor == b.anchor and _whole(a) == _whole(b))
    match(lambda a, b: bool(b.text) and a.title == b.title and a.text == b.text)
    match(lambda a, b: a.anchor == b.anchor and a.title == b.title)
    match(lambda a, b: a.depth == b.depth and len(b.title) > _SHORT and a.title == b.title and a.article == b.article)
    match(lambda a, b: a.anchor == b.anchor and likeness(_whole(a), _whole(b)) >= _SAME_NUMBER)
    match(lambda a, b: a.depth == b.depth and likeness(_whole(a), _whole(b)) >= _OTHER_NUMBER)
    return pairs


def _whole(clause: Clause) -> str:
    return f"{clause.title}\n{clause.text}"


@lru_cache(maxsize=8192)
def likeness(old: str, new: str) -> float:
    """Share of words in common, 0 to 1."""
    a, b = re.findall(r"\w+", old.lower()), re.findall(r"\w+", new.lower())
    if not a or not b:
        return float(a == b)
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    # quick_ratio is an upper bound: most unlike pairs are let go without the exact one.
    return 0.0 if matcher.quick_ratio() < _SAME_BLOCK else matcher.ratio()


def _longest_rise(sequence: Sequence[int]) -> set[int]:
    """The values of a longest increasing subsequence: what is not in it was moved."""
    tails: list[int] = []
    previous: dict[int, int | None] = {}
    for value in sequence:
        spot = bisect_left(tails, value)
        previous[value] = tails[spot - 1] if spot else None
        tails[spot : spot + 1] = [value]
    kept: set[int] = set()
    last = tails[-1] if tails else None
    while last is not None:
        kept.add(last)
        last = previous[last]
    return kept


def _kept(old: Clause, new: Clause, steady: bool) -> ClauseChange:
    text_changed = _whole(old) != _whole(new)
    kind: ClauseKind
    if not steady:
        kind = "moved"
    elif old.anchor != new.anchor:
        kind = "renumbered"
    else:
        # The heading's own typography ("7.4." for "7.4") is text too.
        text_changed = text_changed or old.heading != new.heading
        kind = "changed" if text_changed else "unchanged"
    blocks = tuple(_blocks(old, new)) if kind != "unchanged" else ()
    return ClauseChange(kind, old, new, text_changed, blocks)


def _added(clause: Clause) -> ClauseChange:
    blocks = tuple(BlockChange(role, "added", (), (Run("ins", text),)) for role, text in _units(clause))
    return ClauseChange("added", None, clause, True, blocks)


def _removed(clause: Clause) -> ClauseChange:
    blocks = tuple(BlockChange(role, "removed", (Run("del", text),), ()) for role, text in _units(clause))
    return ClauseChange("removed", clause, None, True, blocks)


_Unit = tuple[Literal["heading", "paragraph", "item"], str]


def _units(clause: Clause) -> Iterator[_Unit]:
    yield "heading", clause.heading
    for block in clause.blocks:
        for text in block.items:
            yield ("paragraph" if block.kind == "paragraph" else "item"), text


def _blocks(old: Clause, new: Clause) -> Iterator[BlockChange]:
    before, after = list(_units(old)), list(_units(new))
    # The headings answer each other whatever they say.
    yield _pair(before[0], after[0])
    matcher = SequenceMatcher(None, before[1:], after[1:], autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        left, right = before[1 + i : 1 + j], after[1 + k : 1 + m]
        if tag == "equal":
            for role, text in right:
                yield BlockChange(role, "same", (Run("same", text),), (Run("same", text),))
        else:
            yield from _replace(left, right)


def _replace(left: list[_Unit], right: list[_Unit]) -> Iterator[BlockChange]:
    """Pair what is alike inside a replaced stretch, in order; the rest went out or came in."""
    while left or right:
        if not left:
            yield BlockChange(right[0][0], "added", (), (Run("ins", right.pop(0)[1]),))
        elif not right or not any(_alike(left[0], unit) for unit in right):
            yield BlockChange(left[0][0], "removed", (Run("del", left.pop(0)[1]),), ())
        elif _alike(left[0], right[0]):
            yield _pair(left.pop(0), right.pop(0))
        else:
            yield BlockChange(right[0][0], "added", (), (Run("ins", right.pop(0)[1]),))


def _alike(old: _Unit, new: _Unit) -> bool:
    return old[0] == new[0] and likeness(old[1], new[1]) >= _SAME_BLOCK


def _pair(old: _Unit, new: _Unit) -> BlockChange:
    if old[1] == new[1]:
        return BlockChange(new[0], "same", (Run("same", old[1]),), (Run("same", new[1]),))
    left, right = word_runs(old[1], new[1])
    return BlockChange(new[0], "changed", left, right)


@lru_cache(maxsize=4096)
def word_runs(old: str, new: str) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
    """Both sides of a change as runs of words; joined, each side gives back its text exactly."""
    a, b = _TOKEN.findall(old), _TOKEN.findall(new)
    left: list[Run] = []
    right: list[Run] = []
    for tag, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            left.append(Run("same", "".join(a[i:j])))
            right.append(Run("same", "".join(b[k:m])))
            continue
        if j > i:
            left.append(Run("del", "".join(a[i:j])))
        if m > k:
            right.append(Run("ins", "".join(b[k:m])))
    return tuple(left), tuple(right)
