"""Recorded days as files for other programs: the command, the page, and what writes each format."""
