"""Start pages: what waits for the staff over all rooms, and its mirror for a client."""
