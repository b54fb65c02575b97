"""Quotes: for now what comes before them, the request that a prospect makes without an account."""
