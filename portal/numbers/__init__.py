"""Numbers that rise: the references of what a room makes (CTR-2026-0001), one series and year at a time."""
