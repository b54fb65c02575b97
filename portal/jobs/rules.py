"""How long a lease holds and when a failed job is tried again, pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

#: Beyond this the longest wait is reached whatever the first one is.
DOUBLINGS = 20


@dataclass(frozen=True, slots=True)
class Patience:
    """Retry plan: delays double from ``first`` up to ``longest``; after ``attempts`` a person must look."""

    first: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(hours=4)
    attempts: int = 12

    def next_try(self, attempts: int, now: datetime) -> datetime | None:
        """When to try again after that many attempts (from 1); None when given up."""
        if attempts >= self.attempts:
            return None
        # Doubled at most so often: a span of time has an end, and a long plan reaches it.
        wait: timedelta = min(self.first * 2 ** min(attempts - 1, DOUBLINGS), self.longest)
        return now + wait


#: For what a machine cannot do until people mend it: tries go on for days.
FOR_DAYS = Patience(longest=timedelta(hours=1), attempts=200)
#: A worker that says nothing for this long is taken for dead, and its job is taken up again.
LEASE = timedelta(seconds=90)
#: How often a worker says that it is alive: two beats may be lost before its lease is.
BEAT = timedelta(seconds=20)
