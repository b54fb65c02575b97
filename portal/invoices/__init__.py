"""Invoices: what the invoicing software issued, what is due of it, and what a client disputes (CGV 7.3, 7.4, 7.6)."""
