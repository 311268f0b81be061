"""What is written for people and other programs: rows, overlays, the record of a run, the challenge file."""
