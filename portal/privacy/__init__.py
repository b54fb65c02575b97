"""Requests about personal data: what we hold, its correction, its erasure; and who may be named as a reference."""
