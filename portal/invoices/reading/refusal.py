"""Why a file is not an invoice that can be read."""


class Unreadable(Exception):
    """A file, or one invoice in it, is refused: by which rule, at which field, in French words."""

    def __init__(self, rule: str, field: str, words: str) -> None:
        self.rule, self.field, self.words = rule, field, words
        super().__init__(rule, field, words)

    def __str__(self) -> str:
        return f"{self.field}\u00a0: {self.words} (règle {self.rule})"


FILE = "fichier"
#: Rules of the house: what no invoice needs and an attack does.
SIZE, STRUCTURE, SAFETY, ENCODING, KIND = "TAILLE", "STRUCTURE", "SÉCURITÉ", "ENCODAGE", "FORMAT"
