"""The public page that checks a file of proof: the file stays in the post, nothing is kept."""
