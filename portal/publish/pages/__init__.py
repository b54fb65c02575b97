"""The pages: those with one address are listed in `listed`; versions and articles are in `terms`, comparisons in `history`."""
