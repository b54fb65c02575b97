"""The ZIP of a proof: one way only to write it, so that any byte of it that changes is seen.

Files are stored as they are, in order, with no date and no attribute: what is read is written again and compared.
That also bounds what reading costs: nothing is unpacked, and a file is never longer than the envelope.
"""

import struct
from collections.abc import Mapping
from zlib import crc32

#: How many files an envelope may hold, and how long a name may be.
MOST_FILES = 200
LONGEST_NAME = 200
_DATE = 0x21  # 1 January 1980, as ZIP counts
_VERSION = 20
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")


class NotOurEnvelope(ValueError):
    """These bytes are not an envelope as we write it; ``offset`` is where it stops being one."""

    def __init__(self, offset: int, where: str) -> None:
        self.offset, self.where = offset, where
        super().__init__(f"{where}, octet {offset}")


def wrap(files: Mapping[str, bytes]) -> bytes:
    """Put files into an envelope, in their order. Names are ASCII."""
    body, directory = bytearray(), bytearray()
    for name, content in files.items():
        raw, checksum, size = name.encode("ascii"), crc32(content), len(content)
        offset = len(body)
        body += _LOCAL.pack(b"PK\3\4", _VERSION, 0, 0, 0, _DATE, checksum, size, size, len(raw), 0) + raw + content
        directory += _CENTRAL.pack(
            b"PK\1\2", _VERSION, _VERSION, 0, 0, 0, _DATE, checksum, size, size, len(raw), 0, 0, 0, 0, 0, offset
        )
        directory += raw
    end = _END.pack(b"PK\5\6", 0, 0, len(files), len(files), len(directory), len(body), 0)
    return bytes(body + directory + end)


def unwrap(content: bytes) -> dict[str, bytes]:
    """Take the files out of an envelope, whatever became of their contents.

    Raises:
        NotOurEnvelope: what is around the files is not as we write it.
    """
    files: dict[str, bytes] = {}
    offset = 0
    while content[offset : offset + 4] == b"PK\3\4":
        if len(content) < offset + _LOCAL.size:
            raise NotOurEnvelope(offset, "un en-tête est coupé")
        size, named = _LOCAL.unpack_from(content, offset)[8:10]
        start = offset + _LOCAL.size
        raw = content[start : start + named]
        name = raw.decode("ascii", "replace")
        after = start + named + size
        if len(files) >= MOST_FILES or named > LONGEST_NAME or after > len(content) or not name or name in files:
            raise NotOurEnvelope(offset, "un en-tête est modifié")
        files[name] = content[start + named : after]
        offset = after
    if not files:
        raise NotOurEnvelope(0, "ce n'est pas un ZIP de preuve")
    return files


def differs_at(files: Mapping[str, bytes], content: bytes) -> tuple[int, str] | None:
    """Where an envelope differs from the one we would write around its files, and near which of them."""
    try:
        again = wrap(files)
    except UnicodeEncodeError:
        return 0, "un nom de fichier est modifié"
    if again == content:
        return None
    place = next(
        (n for n, (a, b) in enumerate(zip(again, content, strict=False)) if a != b), min(len(again), len(content))
    )
    end = 0
    for name, held in files.items():
        begin = end
        end += _LOCAL.size + len(name) + len(held)
        if begin <= place < end:
            return place, f"l'en-tête de {name} est modifié"
    return place, "le répertoire du ZIP est modifié"
