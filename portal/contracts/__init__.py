"""Liberty contracts: their points, kept in a ledger that is only ever added to."""
