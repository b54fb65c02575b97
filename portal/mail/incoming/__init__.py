"""Incoming mail: bytes to a frozen value. No business rule, no database, no clock, and nothing that a message does breaks it."""
