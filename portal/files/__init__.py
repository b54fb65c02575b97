"""Files that people send or that the portal makes: stored once, named in the database, served as downloads."""
