"""Publish the terms: content/ + site/ -> public/. `python build.py --help` says how."""

import os
import sys

from portal.publish.command import main

if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Nothing is left to do, and taking apart thousands of templates and clauses one by one lasts.
    # Gain: 0.09 s, 8 % of a cold build of 2,802 pages.
    os._exit(status)
