"""What a run learns from and is validated on, as its options say."""

from __future__ import annotations

from collections.abc import Sequence

from fetalhead.datasets.samples import Sample, load_samples, load_training, load_unlabelled
from fetalhead.errors import FetalheadError
from fetalhead.options import MultiTaskOptions, SemiSupervisedOptions, TrainingOptions
from fetalhead.training.batches import BASE_FINENESS, Material, Stream


def load_material(options: TrainingOptions) -> tuple[Material, list[Sample]]:
    """The training material of a strategy with such options, and the validation samples. Raises `FetalheadError`.

    Unlabelled are the pictures of `--unlabelled`, those whose labels `--labels` withholds, and those of `--data`
    that have no outline and may hold a head; without any, the labelled pictures serve as unlabelled ones too.
    """
    base = (round(options.grid[0] * BASE_FINENESS), round(options.grid[1] * BASE_FINENESS))
    known, withheld = load_training(options.data, options.labels, options.seed, base)
    outlined = [sample for sample in known if sample.head is not None]
    rest = [sample for sample in known if sample.head is None]
    validation = load_samples(options.data, "val", base)
    for split, samples in (("train", outlined), ("val", [sample for sample in validation if sample.head is not None])):
        if not samples:
            raise FetalheadError(f"no pictures with an outline in the {split} split of {', '.join(options.data)}")
    labelled = Stream(outlined, options.batch_size)
    if not isinstance(options, SemiSupervisedOptions):
        _refuse_useless(rest, options)
        return Material(labelled), validation
    unlabelled = [*load_unlabelled(options.unlabelled, base), *withheld, *_maybe_heads(rest)]
    unlabelled_stream = Stream(unlabelled or outlined, options.unlabelled_batch) if options.alpha else None
    if not isinstance(options, MultiTaskOptions):
        return Material(labelled, unlabelled=unlabelled_stream), validation
    planes = [sample for sample in rest if sample.plane]
    plane_stream = Stream(planes, options.plane_batch) if planes else None
    return Material(labelled, plane_stream, unlabelled_stream, options.plane_classes), validation


def _maybe_heads(samples: Sequence[Sample]) -> list[Sample]:
    return [sample for sample in samples if not sample.outlined]


def _refuse_useless(rest: Sequence[Sample], options: TrainingOptions) -> None:
    if rest:
        raise FetalheadError(
            f"{len(rest)} pictures of {', '.join(options.data)} have no outline, and supervised training learns from "
            "outlines only; leave them out, or train semi-supervised or multitask"
        )
