"""Steps from one schema to the next, both ways. They import nothing of the portal: a step does tomorrow what it does today."""
