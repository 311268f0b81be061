"""What a run learns from and is validated on, as its options say."""

from __future__ import annotations

from collections.abc import Sequence

from fetalhead.datasets.samples import Sample, load_samples, load_training, load_unlabelled
from fetalhead.datasets.separation import refuse_shared_patients
from fetalhead.errors import FetalheadError, warn
from fetalhead.options import MultiTaskOptions, SemiSupervisedOptions, TrainingOptions
from fetalhead.training.batches import BASE_FINENESS, Material, PlaneStream, Stream


def load_material(options: TrainingOptions) -> tuple[Material, list[Sample]]:
    """The training material of a strategy with such options, and the validation samples.

    Raises `FetalheadError`, also where a patient is in more than one split of the data.
    """
    refuse_shared_patients(options.data, options.unlabelled if isinstance(options, SemiSupervisedOptions) else ())
    material = training_material(options)
    validation = load_samples(options.data, "val", base_of(options))
    _check_heads(validation, "val", options)
    return material, validation


def training_material(options: TrainingOptions, at_most: int | None = None) -> Material:
    """What a run with such options learns from; with `at_most`, made of so many pictures of each kind.

    Labelled are the pictures in which somebody drew what is head; an empty mask teaches that there is none.
    Unlabelled are pictures of `--unlabelled`, and those of `--data` that have no outline, or none that `--labels`
    leaves them, and may hold a head; without any, the labelled pictures serve as unlabelled ones too. Pictures whose
    plane alone is known teach that as well, where planes are learnt. Raises `FetalheadError`.
    """
    base = base_of(options)
    known, withheld = load_training(options.data, options.labels, options.seed, base, at_most)
    annotated = [sample for sample in known if sample.annotated]
    rest = [sample for sample in known if not sample.annotated]
    _check_heads(annotated, "train", options)
    labelled = Stream(annotated, options.batch_size)
    if not isinstance(options, SemiSupervisedOptions):
        _refuse_useless(rest, options)
        return Material(labelled)
    unlabelled = [*load_unlabelled(options.unlabelled, base, at_most, options.data), *_maybe_heads([*withheld, *rest])]
    unlabelled_stream = Stream(unlabelled or annotated, options.unlabelled_batch) if options.alpha else None
    if not isinstance(options, MultiTaskOptions):
        return Material(labelled, unlabelled=unlabelled_stream)
    planes = [sample for sample in [*rest, *withheld] if sample.plane]
    plane_stream = PlaneStream(planes, options.plane_batch) if planes else None
    return Material(labelled, plane_stream, unlabelled_stream, options.plane_classes)


def base_of(options: TrainingOptions) -> tuple[int, int]:
    """(H, W) of the grid that a run keeps its pictures on."""
    return round(options.grid[0] * BASE_FINENESS), round(options.grid[1] * BASE_FINENESS)


def _check_heads(samples: Sequence[Sample], split: str, options: TrainingOptions) -> None:
    """Raises `FetalheadError` where no sample has a head; warns of the empty masks beside those that have."""
    heads = sum(sample.head is not None for sample in samples)
    empty = sum(sample.annotated and sample.head is None for sample in samples)
    if not heads:
        also = f"; {empty} masks are empty" if empty else ""
        raise FetalheadError(f"no pictures with an outline in the {split} split of {', '.join(options.data)}{also}")
    if empty and split == "train":
        warn(f"{empty} of {heads + empty} drawn masks are empty: they teach that there is no head to outline")


def _maybe_heads(samples: Sequence[Sample]) -> list[Sample]:
    return [sample for sample in samples if not sample.outlined]


def _refuse_useless(rest: Sequence[Sample], options: TrainingOptions) -> None:
    if rest:
        raise FetalheadError(
            f"{len(rest)} pictures of {', '.join(options.data)} have no outline, and supervised training learns from "
            "outlines only; leave them out, or train semi-supervised or multitask"
        )
