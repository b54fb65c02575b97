"""Values that a database or an address keeps, each with the words that a reader sees."""

from enum import StrEnum


class Labelled(StrEnum):
    """Members are written ``OPEN = "open", "Ouvert"``: equal to the first, read as the second (``label``)."""

    label: str

    def __new__(cls, value: str, label: str = "") -> "Labelled":  # a member is also asked for by its value alone
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member
