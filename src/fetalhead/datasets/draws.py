"""Keys that keep what is drawn with one seed apart: each kind of draw has a stream of numbers of its own.

A run is a function of its seed through these numbers: one that changes changes every run.
"""

OUTLINED, OUTLINED_VIEWS, PLANES_ONLY, PLANE_VIEWS, UNLABELLED, UNLABELLED_VIEWS, LABELS, LIKENESS = range(8)
"""Of each stream of a batch, which picture comes and how it is changed; which subjects' labels are used; and how
pictures are changed to see what a model's training pictures look like."""
