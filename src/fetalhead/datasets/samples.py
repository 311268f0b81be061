"""What training draws from: pictures with what is known of them, small enough to keep in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fetalhead.catalog import HEAD, OTHER
from fetalhead.datasets import open_data
from fetalhead.datasets.case import Case
from fetalhead.datasets.draws import LABELS
from fetalhead.datasets.splits import UNASSIGNED
from fetalhead.datasets.unlabelled import unlabelled_cases
from fetalhead.errors import FetalheadError, warn
from fetalhead.images.ellipse import Ellipse
from fetalhead.images.geometry import Letterbox
from fetalhead.options import parse_labels


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One picture, letterboxed to a base grid a little finer than the network's, and what is known of it."""

    name: str
    subject: str
    pixels: npt.NDArray[np.uint8]
    """(H, W) grey values on the base grid."""
    head: Ellipse | None = None
    """The head's outline in pixels of the base grid; None where it is not known, or where there is no head."""
    plane: str = ""
    """One of `catalog.PLANES`; empty where it is not known."""
    annotated: bool = False
    """Whether somebody drew what is head in it; an empty mask says that nothing is."""

    @property
    def outlined(self) -> bool:
        """Whether it is known which pixels are head: as drawn, or since the plane is another one."""
        return self.annotated or self.plane not in ("", HEAD)


def load_samples(data: Iterable[str], split: str, base: tuple[int, int]) -> list[Sample]:
    """The samples of one split of the data sets `KIND=DIR`, on a base grid of (H, W). Raises `FetalheadError`."""
    return [_sample(case, base) for argument in data for case in open_data(argument).cases if case.split == split]


def load_training(
    data: Iterable[str], labels: str, seed: int, base: tuple[int, int], at_most: int | None = None
) -> tuple[list[Sample], list[Sample]]:
    """The samples to train on with all that is known of them, and those whose outlines are withheld.

    `labels` is a share (`5%`) or a number of the subjects that have an outline; they are drawn by `seed`, so that a
    smaller share is a part of a larger one. Outlines are withheld of all pictures of a subject alike, and no annotation
    of theirs is opened; a plane that the data set tells by other means stays known. With `at_most`, only so many of
    each kind are read. Warns of pictures that belong to no split. Raises `FetalheadError`.
    """
    cases = [case for argument in data for case in _to_train(argument)]
    subjects = sorted({case.subject for case in cases if case.annotation_path})
    order = np.random.default_rng([seed, LABELS]).permutation(len(subjects))
    kept = {subjects[index] for index in order[: labelled_subjects(labels, len(subjects))]}
    usable = [case for case in cases if case.annotation_path is None or case.subject in kept]
    withheld = [case for case in cases if case.annotation_path is not None and case.subject not in kept]
    return (
        [_sample(case, base) for case in _some(usable, at_most)],
        [replace(_stripped(case, base), plane=case.plane) for case in _some(withheld, at_most)],
    )


def _to_train(argument: str) -> list[Case]:
    """The training split of a data set, with a warning of what belongs to no split."""
    cases = open_data(argument).cases
    chosen = [case for case in cases if case.split == "train"]
    if chosen and (unassigned := sum(case.split == UNASSIGNED for case in cases)):
        warn(f"{unassigned} of {len(cases)} pictures of {argument} belong to no split, and nothing is learnt from them")
    return chosen


def load_unlabelled(
    arguments: Iterable[str], base: tuple[int, int], at_most: int | None = None, data: Sequence[str] = ()
) -> list[Sample]:
    """Pictures without what may be known of them, as `unlabelled_cases` chooses them beside `data`.

    No annotation is opened. Warns of what is left out. With `at_most`, only so many of each are read. Raises
    `FetalheadError`.
    """
    samples: list[Sample] = []
    for argument in arguments:
        cases, left_out = unlabelled_cases(argument, data)
        if left_out:
            warn(left_out)
        samples.extend(_stripped(case, base) for case in _some(cases, at_most))
    return samples


def _some(cases: Iterable[Case], at_most: int | None) -> list[Case]:
    """The cases; with `at_most`, the first so many of those with an annotation, and of each plane without one."""
    counts: Counter[str | None] = Counter()
    chosen = []
    for case in cases:
        kind = None if case.annotation_path else case.plane
        counts[kind] += 1
        if at_most is None or counts[kind] <= at_most:
            chosen.append(case)
    return chosen


def labelled_subjects(labels: str, subjects: int) -> int:
    """How many of so many subjects `labels` (`5%`, or a number) are; at least one. Raises `FetalheadError`."""
    value, is_share = parse_labels(labels)
    if is_share:
        return min(subjects, max(1, round(value * subjects / 100)))
    if value > subjects:
        raise FetalheadError(f"--labels {labels}: there are only {subjects} subjects with an outline to train on")
    return int(value)


def _sample(case: Case, base: tuple[int, int]) -> Sample:
    sample, shape, letterbox = _small(case, base)
    sample = replace(sample, plane=case.plane)
    if case.annotation_path is None:
        return sample
    head = case.reference(shape)
    if head is None:
        return replace(sample, plane=OTHER, annotated=True)
    return replace(sample, head=head.transformed(letterbox.matrix), plane=case.plane or HEAD, annotated=True)


def _stripped(case: Case, base: tuple[int, int]) -> Sample:
    return _small(case, base)[0]


def _small(case: Case, base: tuple[int, int]) -> tuple[Sample, tuple[int, int], Letterbox]:
    """A case's picture alone on the base grid, with the picture's own shape (H, W) and the way onto the grid."""
    pixels = case.pixels()
    shape = (pixels.shape[0], pixels.shape[1])
    letterbox = Letterbox.fit(shape, base)
    return Sample(case.name, case.subject, letterbox.to_grid(pixels).astype(np.uint8)), shape, letterbox
