"""The log of every act that binds somebody: append-only, hash-chained, holding salted commitments only."""
