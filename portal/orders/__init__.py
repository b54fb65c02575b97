"""Orders: what both sides have accepted (5.2), as it was accepted."""
