"""The portal one can walk through, with staff."""

from tests.accounts.conftest import Portal, portal

__all__ = ["Portal", "portal"]
