"""Publish the terms: content/ + site/ -> public/. `python build.py --help` says how."""

import os
import sys

from portal.publish.command import main

if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Nothing is left to do, and taking apart thousands of templates and clauses one by one would
    # last. Gain: with the collector off, cumulated 1.47 -> 1.39 x Hugo on 2,801 pages.
    os._exit(status)
