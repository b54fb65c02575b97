"""Outgoing mail: rows written in the transaction of the act, delivered by the worker."""
