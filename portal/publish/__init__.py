"""The published site: its pages, and the engine that freezes them. build.py's alone."""
