"""What a file of proof is made of, and what a check of one finds."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class ProofDocument:
    """A file as it was shown: the quote's PDF, special conditions, an acknowledgement."""

    name: str
    media_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class ProofAct:
    """One act: its words, who did it, how they were known, what they ticked, when and from where."""

    words: str
    who: str
    capacity: str
    mail: str
    identified_by: str
    consent: tuple[str, ...]
    at: datetime
    ip: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found of one part. ``sound``: it holds, it does not, or (None) that cannot be told here."""

    part: str
    sound: bool | None
    words: str

    @property
    def rank(self) -> int:
        """What is broken comes first, then what is to be noted."""
        return {False: 0, None: 1, True: 2}[self.sound]
