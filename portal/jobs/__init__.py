"""Background work: rows with leases in our own database. A job killed half-way is taken up again."""
