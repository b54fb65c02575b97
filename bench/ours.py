"""Our build of the bench's pages: build.py, with the bench's theme and the group of terms only.

Run by bench/site.py: `python bench/ours.py CONTENT OUTPUT`. Compression and checksums, which no peer
makes, are off here and measured with the whole site.
"""

from __future__ import annotations

import gc
import os
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

gc.set_threshold(100_000, 10, 10)  # as build.py does

from portal.publish import command  # noqa: E402
from portal.publish.options import Options  # noqa: E402

if __name__ == "__main__":
    status = command.build_and_tell(
        Options(
            content=Path(sys.argv[1]),
            output=Path(sys.argv[2]),
            base_url="https://example.org/",
            portal_url=None,
            today=date.fromisoformat(sys.argv[3]),
            theme=ROOT / "bench" / "theme",
            jobs=len(os.sched_getaffinity(0)),
            groups=frozenset({"terms"}),
            compress=False,
            checksums=False,
        )
    )
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
