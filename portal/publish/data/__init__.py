"""The files for programs: those with one address are listed in `listed`, those of each version are in `version`."""
