"""Which part of a text was written now: quotes and signatures are folded away. Nothing is taken out of it.

A library (mail-parser-reply) was weighed: it takes any line "- …" for a signature, so that a list of what is
broken would be folded, it misses French attributions with a no-break space, and its expressions are not
linear. What is here looks at lines, each a bounded number of times.
"""

import re
from collections.abc import Iterator

from portal.mail.incoming.message import Fold, Passage

#: What our own mails say above their text; whatever stands below was quoted.
MARKER = "Merci de répondre au-dessus de cette ligne"
_MARKER = re.compile(r"répond(?:re|ez) au.dessus de cette ligne", re.IGNORECASE)
#: Lines that are looked at one by one; what is beyond belongs to the last passage.
MOST_LINES = 20_000
#: A line is looked at this far, an attribution may be wrapped over that many.
_WIDTH, _WRAPPED = 300, 4
_ODD = {ord(ch): " " for ch in "\u00a0\u202f\u2009\u2007\t"} | dict.fromkeys(map(ord, "\u200b\u200c\u200d\ufeff"))
_BEGINS = re.compile(r"(?:le|on|am|il|el|op|em|em\W+)\b", re.IGNORECASE)
_WROTE = re.compile(
    r"(?:\b(?:a|ont) écrit|\ba écrit le .{1,80}|\bwrote|\bschrieb(?: .{1,160})?|\bha scritto|\bescribió|\bschreef(?: .{1,160})?|\bescreveu)"
    r"\s*:$",
    re.IGNORECASE,
)
_DATED = re.compile(r"\d{1,2}[./: h-]\d{1,2}|\b\d{4}\b|@")
_HEADER = re.compile(
    r"\*{0,2}(de|from|von|da|envoyé|envoyé le|sent|gesendet|date|à|a|to|an|cc|objet|subject|betreff|importance|priorité)"
    r"\s*:\*{0,2}(?:\s|$)",
    re.IGNORECASE,
)
_FIRST_HEADER = frozenset({"de", "from", "von", "da"})
_ORIGINAL = re.compile(
    r"[-_=*\s]{3,}(?:message d.origine|message original|original message|original appointment|ursprüngliche nachricht|"
    r"rendez-vous d.origine)[-_=*\s:]{2,}$",
    re.IGNORECASE,
)
_RULE = re.compile(r"[_-]{10,}$")
_FORWARD = re.compile(r"(?:tr|fwd?|wg|i)\s*:", re.IGNORECASE)
_SENT_FROM = re.compile(
    r"(?:envoyé (?:de|depuis|à partir de|avec|via)|sent (?:from|with|via)|obtenir outlook|télécharger outlook|get outlook|"
    r"von meinem .{1,40} gesendet|gesendet von)\b.{0,120}$",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?:bien |très )?(?:cordialement|amicalement)|cordiale?s? salutations|cdlt|cdt|bàv|sincères salutations|"
    r"(?:mes |nos )?(?:meilleures |cordiales |sincères )?salutations(?: distinguées)?|respectueusement|"
    r"(?:je vous souhaite une )?(?:bonne|excellente) (?:journée|soirée|réception|fin de journée|semaine)|"
    r"(?:best |kind |warm )?regards|mit freundlichen grüßen|freundliche grüße|mfg)(?: à vous| à tous)?\W*$",
    re.IGNORECASE,
)
_STILL_SAID = re.compile(r"(?:p\.?\s?s\.?|n\.?b\.?|post.scriptum)\b", re.IGNORECASE)
_LONGEST_SIGNATURE, _WIDEST_SIGNATURE = 15, 160
_DISCLAIMER = re.compile(r"confidenti|destinataire|environnement|imprimer|intended|disclaimer|virus", re.IGNORECASE)


def fold(text: str, *, subject: str = "") -> tuple[Passage, ...]:
    """The text in passages; joined they give it back. What nobody wrote above, a forward, is not folded."""
    whole = (Passage(text),) if text else ()
    if not text or _FORWARD.match(subject.strip()):
        return whole
    lines = text.split("\n")
    lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    seen = [line[:_WIDTH].translate(_ODD).strip() for line in lines[:MOST_LINES]]
    folds = _quotes(seen)
    _signatures(seen, folds)
    folds += [folds[-1]] * (len(lines) - len(seen))
    if all(fold is not None or not line.strip() for fold, line in zip(folds, lines, strict=True)):
        return whole
    return tuple(_joined(lines, folds))


def _joined(lines: list[str], folds: list[Fold | None]) -> Iterator[Passage]:
    start = 0
    for index in range(1, len(lines) + 1):
        if index == len(lines) or folds[index] is not folds[start]:
            yield Passage("".join(lines[start:index]), folds[start])
            start = index


def _quotes(seen: list[str]) -> list[Fold | None]:
    folds: list[Fold | None] = [None] * len(seen)
    index = 0
    while index < len(seen):
        line = seen[index]
        if _MARKER.search(line) or _ORIGINAL.match(line) or _is_block(seen, index):
            before = index - 1
            while before >= 0 and (not seen[before] or _RULE.match(seen[before])) and index - before <= _WRAPPED:
                before -= 1
            return folds[: before + 1] + [Fold.QUOTE] * (len(seen) - before - 1)
        length = _attribution(seen, index)
        if length:
            end = _end_of_quoted(seen, index + length)
            if end is None:
                return folds[:index] + [Fold.QUOTE] * (len(seen) - index)
        elif line.startswith(">"):
            end = _end_of_quoted(seen, index) or index + 1
        else:
            index += 1
            continue
        folds[index:end] = [Fold.QUOTE] * (end - index)
        index = end
    return folds


def _attribution(seen: list[str], index: int) -> int:
    """How many lines from here say that somebody wrote what follows; 0: none."""
    line = seen[index].lstrip("> ")
    if not line or not (_BEGINS.match(line) or line.endswith(":")):
        return 0
    joined = ""
    for length in range(1, _WRAPPED + 1):
        if index + length > len(seen) or not seen[index + length - 1].lstrip("> "):
            return 0
        joined = f"{joined} {seen[index + length - 1].lstrip('> ')}".strip()
        if _WROTE.search(joined):
            return length if _DATED.search(joined) or _quoted_next(seen, index + length) else 0
        if not _BEGINS.match(line):
            return 0
    return 0


def _quoted_next(seen: list[str], index: int) -> bool:
    return next((line.startswith(">") for line in seen[index : index + 3] if line), False)


def _end_of_quoted(seen: list[str], index: int) -> int | None:
    """Where the marked lines from here end; None when there is none: the quote goes on to the end."""
    if not _quoted_next(seen, index):
        return None
    end = index
    for place in range(index, len(seen)):
        if seen[place].startswith(">"):
            end = place + 1
        elif seen[place]:
            break
    return end


def _is_block(seen: list[str], index: int) -> bool:
    """Whether a mail's head is written out here, as Outlook does: De, Envoyé, À, Objet."""
    first = _HEADER.match(seen[index].lstrip("> "))
    if first is None or first[1].lower() not in _FIRST_HEADER:
        return False
    names = {
        found[1].lower()
        for line in seen[index + 1 : index + 9]
        if (found := _HEADER.match(line.lstrip("> "))) is not None
    }
    return len(names - _FIRST_HEADER) >= 2  # noqa: PLR2004 - one of them alone is a sentence


def _signatures(seen: list[str], folds: list[Fold | None]) -> None:
    """Fold the signature at the end of what was written, and that of each passage above a quote."""
    end = len(seen)
    while end > 0:
        if folds[end - 1] is not None:
            end -= 1
            continue
        start = end
        while start > 0 and folds[start - 1] is None:
            start -= 1
        found = _signature(seen, start, end)
        if found is not None:
            folds[found:end] = [Fold.SIGNATURE] * (end - found)
        end = start


def _signature(seen: list[str], start: int, end: int) -> int | None:
    """The line that the signature of a passage begins with."""
    first = next((index for index in range(start, end) if seen[index]), end)
    for index in range(end - 1, first, -1):
        if seen[index] == "--" and end - index <= _LONGEST_SIGNATURE * 3:
            return index
    last = [index for index in range(max(first, end - _LONGEST_SIGNATURE * 2), end) if seen[index]][
        -_LONGEST_SIGNATURE:
    ]
    for place, index in enumerate(last):
        if index > first and _SENT_FROM.match(seen[index]) and len(last) - place <= 3:  # noqa: PLR2004
            return index
        if _CLOSING.match(seen[index]) and place + 1 < len(last) and _is_signature(seen, last[place + 1 :]):
            return last[place + 1]
    return None


def _is_signature(seen: list[str], lines: list[int]) -> bool:
    for index in lines:
        line = seen[index]
        if _DISCLAIMER.search(line):
            return True
        if _STILL_SAID.match(line) or line.endswith("?") or len(line) > _WIDEST_SIGNATURE:
            return False
    return True
