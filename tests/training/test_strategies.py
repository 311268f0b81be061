"""Each strategy uses each of its terms, and nothing that it should not see."""

from __future__ import annotations

import dataclasses
import shutil
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from fetalhead.datasets import open_data
from fetalhead.datasets.samples import load_samples
from fetalhead.errors import FetalheadError, FetalheadWarning
from fetalhead.models.unet import Architecture, UNet
from fetalhead.options import MultiTaskOptions, SemiSupervisedOptions, TrainingOptions
from fetalhead.phantoms.write import write_planes
from fetalhead.training.batches import TrainingBatches
from fetalhead.training.checkpoint import network_of_run
from fetalhead.training.fit import fit
from fetalhead.training.material import training_material
from fetalhead.training.multitask import MultiTask
from fetalhead.training.pseudo_labels import mixed_plane
from fetalhead.training.run_folder import rows_of
from fetalhead.training.semi_supervised import SemiSupervised
from fetalhead.training.strategy import Batch
from fetalhead.training.supervised import Supervised

TINY = {
    "image_size": "64x96",
    "batch_size": 2,
    "steps": 4,
    "steps_a_round": 2,
    "encoder": "resnet10t",
    "encoder_weights": "none",
    "decoder_channels": (16, 8, 8, 8),
}
SEMI = {**TINY, "unlabelled_batch": 3, "alpha_ramp": 0.0}
TERMS = ("mean-teacher", "unimatch")


@pytest.fixture(scope="module")
def planes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight phantoms of abdomen and femur: half to train on, two each for val and test."""
    root = tmp_path_factory.mktemp("planes")
    write_planes(root, seed=1, count=8)
    names = sorted(path.name for path in (root / "Images").iterdir())
    splits = ["train"] * 4 + ["val"] * 2 + ["test"] * 2
    (root / "split.csv").write_text(
        "filename,split\n" + "".join(f"{name},{split}\n" for name, split in zip(names, splits, strict=True))
    )
    return root


def network_weights(run: Path) -> dict[str, torch.Tensor]:
    return network_of_run(run, "last.ckpt")[0].state_dict()


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("term", TERMS)
def test_alpha_0_is_the_supervised_run_to_the_last_digit(tiny_hc18: Path, tmp_path: Path, term: str) -> None:
    common = {"data": [f"hc18={tiny_hc18}"], "labels": "50%"}
    fit(TrainingOptions(**TINY, **common), tmp_path / "supervised")
    fit(SemiSupervisedOptions(**SEMI, **common, alpha=0.0, unlabelled_loss=term), tmp_path / "zero")
    fit(SemiSupervisedOptions(**SEMI, **common, alpha=1.0, unlabelled_loss=term, confidence=0.5), tmp_path / "one")
    supervised = network_weights(tmp_path / "supervised")
    assert same(supervised, network_weights(tmp_path / "zero"))
    assert not same(supervised, network_weights(tmp_path / "one"))
    assert "loss_unlabelled" not in rows_of(tmp_path / "zero")[-1]
    assert float(rows_of(tmp_path / "one")[-1]["loss_unlabelled"]) > 0


def random_batch(grid: tuple[int, int] = (64, 96)) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    views = {name: torch.rand(2, 1, *grid, generator=generator) for name in ("weak", "strong_1", "strong_2")}
    boxes = {name: torch.zeros(2, 1, *grid, dtype=torch.bool) for name in ("box_1", "box_2")}
    return {
        "image": torch.rand(2, 1, *grid, generator=generator),
        "mask": (torch.rand(2, 1, *grid, generator=generator) > 0.5).float(),
        "outlined": torch.tensor([True, True]),
        "plane": torch.tensor([0, 1]),
        "unlabelled_plane": torch.tensor([0, -1]),
        **views,
        **boxes,
    }


@pytest.mark.parametrize("term", TERMS)
def test_gradients_of_the_unlabelled_term_reach_encoder_and_decoder(term: str) -> None:
    network = UNet(Architecture("resnet10t", (8, 8, 8, 8)))
    options = SemiSupervisedOptions(data=["hc18=x"], unlabelled_loss=term, alpha_ramp=0.0, confidence=0.5)
    strategy = SemiSupervised(network, options)
    strategy.losses(network, random_batch(), step=1)["unlabelled"].backward()
    for part in (network.encoder, network.decoder, network.head):
        gradients = [value.grad for value in part.parameters() if value.grad is not None]
        assert gradients and all(torch.isfinite(gradient).all() for gradient in gradients)
        assert any(gradient.abs().max() > 0 for gradient in gradients)
    assert all(value.grad is None for value in strategy.parameters()), "a teacher is not trained"


def test_the_teacher_follows_the_network_slowly() -> None:
    network = UNet(Architecture("resnet10t", (8, 8, 8, 8)))
    strategy = SemiSupervised(network, SemiSupervisedOptions(data=["hc18=x"], unlabelled_loss="mean-teacher"))
    before = strategy.term.teacher.head.bias.item()
    for _ in range(200):
        strategy.after_step(network)
    with torch.no_grad():
        network.head.bias += 1.0
    strategy.after_step(network)
    assert strategy.term.teacher.head.bias.item() == pytest.approx(before + 0.01, abs=1e-5)


def test_a_single_unlabelled_picture_of_the_smallest_size_is_refused() -> None:
    """Of its coarsest features there is one value a channel, which batch normalisation cannot do with."""
    common = {"data": ["hc18=x"], "image_size": "32x32", "unlabelled_batch": 1}
    with pytest.raises(FetalheadError, match=r"--unlabelled-batch 1: batch normalisation .* a larger --image-size"):
        SemiSupervisedOptions(**common)
    SemiSupervisedOptions(**common, alpha=0.0)
    SemiSupervisedOptions(**(common | {"image_size": "32x64"}))


def test_alpha_rises_along_its_ramp() -> None:
    network = UNet(Architecture("resnet10t", (8, 8, 8, 8)))
    options = SemiSupervisedOptions(data=["hc18=x"], steps=100, alpha=0.7, alpha_ramp=0.4, unlabelled_loss="unimatch")
    alphas = [SemiSupervised(network, options).alpha(step) for step in (0, 10, 20, 40, 99)]
    assert alphas[0] == 0
    assert alphas == sorted(alphas)
    assert alphas[2] == pytest.approx(0.7 * np.exp(-1.25))
    assert alphas[3] == alphas[4] == 0.7


def test_gradients_of_the_classification_term_reach_the_encoder_and_its_head_alone() -> None:
    network = UNet(Architecture("resnet10t", (8, 8, 8, 8), planes=4))
    strategy = MultiTask(network, MultiTaskOptions(data=["hc18=x"], alpha=0.0, beta=0.5))
    losses = strategy.losses(network, random_batch(), step=1)
    assert set(losses) == {"dice", "cross_entropy", "plane"}
    losses["plane"].backward()
    assert network.plane_head.weight.grad.abs().max() > 0
    assert any(value.grad is not None and value.grad.abs().max() > 0 for value in network.encoder.parameters())
    assert all(value.grad is None for value in network.decoder.parameters())


@pytest.mark.parametrize("term", TERMS)
def test_views_of_unlabelled_pictures_teach_the_planes_that_are_known(term: str) -> None:
    network = UNet(Architecture("resnet10t", (8, 8, 8, 8), planes=4))
    options = MultiTaskOptions(data=["hc18=x"], unlabelled_loss=term, alpha_ramp=0.0, confidence=0.5)
    batch = random_batch() | {"plane": torch.tensor([-1, -1])}
    losses = MultiTask(network, options).losses(network, batch, step=1)
    losses["plane"].backward()
    wanted = network.plane_head.bias.grad
    assert wanted[0] < 0 and (wanted[1:] > 0).all(), "only the one that is a head counts"
    batch["unlabelled_plane"][:] = -1
    assert "plane" not in MultiTask(network, options).losses(network, batch, step=1)


def test_a_view_with_parts_of_two_planes_has_none() -> None:
    boxes = torch.zeros(4, 1, 8, 8, dtype=torch.bool)
    boxes[:3, :, 2:4, 2:4] = True
    assert mixed_plane(torch.tensor([0, 0, 1, 2]), boxes).tolist() == [-1, 0, -1, 2]
    assert mixed_plane(torch.tensor([-1, 0, 0, 0]), boxes).tolist() == [-1, -1, 0, 0]


def test_beta_0_has_no_classification_term() -> None:
    network = UNet(Architecture("resnet10t", (8, 8, 8, 8), planes=4))
    strategy = MultiTask(network, MultiTaskOptions(data=["hc18=x"], alpha=0.0, beta=0.0))
    assert set(strategy.losses(network, random_batch(), step=1)) == {"dice", "cross_entropy"}
    assert not strategy.options.planes, "a plane head that nothing teaches would call heads other planes"
    assert MultiTaskOptions(data=["hc18=x"]).planes == 4


def test_absence_weight_is_the_share_of_pictures_without_a_head() -> None:
    network = UNet(Architecture("resnet10t", (8, 8, 8, 8), planes=4)).eval()
    batch = random_batch()
    batch["mask"][1] = 0
    one = {name: value[:1] for name, value in batch.items()}
    other = {name: value[1:] for name, value in batch.items()}
    of = {}
    for name, part, weight in (("head", one, 1.0), ("none", other, 1.0), ("both", batch, 1.0), ("less", batch, 0.25)):
        options = MultiTaskOptions(data=["hc18=x"], alpha=0.0, beta=0.0, absence_weight=weight)
        losses = MultiTask(network, options).losses(network, part, step=1)
        of[name] = np.array([losses["dice"].item(), losses["cross_entropy"].item()])
    assert of["both"] == pytest.approx((of["head"] + of["none"]) / 2, rel=1e-5)
    assert of["less"] == pytest.approx((of["head"] + 0.25 * of["none"]) / 1.25, rel=1e-5)
    with pytest.raises(FetalheadError, match="--absence-weight"):
        MultiTaskOptions(data=["hc18=x"], absence_weight=0.0)


def test_a_picture_with_an_outline_shows_a_head_plane(tiny_hc18: Path) -> None:
    assert {sample.plane for sample in load_samples([f"hc18={tiny_hc18}"], "train", (48, 72))} == {"head"}


def test_absent_terms_are_left_out_and_stay_finite() -> None:
    """Masks only, plane labels only, neither: 200 steps of such mixes."""
    network = UNet(Architecture("resnet10t", (8, 8, 8, 8), planes=4))
    strategy = MultiTask(network, MultiTaskOptions(data=["hc18=x"], alpha=0.0))
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3)
    mixes = [((True, True), (-1, -1)), ((False, False), (2, 1)), ((False, False), (-1, -1)), ((True, False), (-1, 3))]
    expected = [{"dice", "cross_entropy"}, {"plane"}, set(), {"dice", "cross_entropy", "plane"}]
    batch = random_batch((32, 32))
    for step in range(200):
        outlined, plane = mixes[step % 4]
        batch |= {"outlined": torch.tensor(outlined), "plane": torch.tensor(plane)}
        losses = strategy.losses(network, batch, step)
        assert set(losses) == expected[step % 4]
        if losses:
            optimizer.zero_grad()
            sum(losses.values()).backward()
            assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)
            optimizer.step()
    assert all(torch.isfinite(value).all() for value in network.state_dict().values())


def test_a_round_s_mean_counts_a_term_only_where_it_is(
    tiny_hc18: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = Supervised.losses

    def also_now_and_then(self: Supervised, network: UNet, batch: Batch, step: int) -> dict[str, torch.Tensor]:
        found = losses(self, network, batch, step)
        return found | ({"now_and_then": 0 * found["dice"] + 3} if step % 2 else {})

    monkeypatch.setattr(Supervised, "losses", also_now_and_then)
    fit(TrainingOptions(**TINY, data=[f"hc18={tiny_hc18}"]), tmp_path / "run")
    assert [float(row["loss_now_and_then"]) for row in rows_of(tmp_path / "run")] == [3, 3]


def test_multitask_trains_on_several_sets_and_tells_planes(tiny_hc18: Path, planes: Path, tmp_path: Path) -> None:
    data = [f"hc18={tiny_hc18}", f"planes={planes}"]
    fit(MultiTaskOptions(**SEMI, data=data, plane_batch=2, confidence=0.5), tmp_path / "run")
    last = rows_of(tmp_path / "run")[-1]
    for name in ("loss_dice", "loss_cross_entropy", "loss_unlabelled", "loss_plane"):
        assert float(last[name]) > 0
    assert 0 <= float(last["val_plane_accuracy"]) <= 1
    assert 0 <= float(last["val_false_heads"]) <= 1
    assert network_of_run(tmp_path / "run")[0].architecture.planes == 4


def test_supervised_training_refuses_what_it_cannot_learn_from(tiny_hc18: Path, planes: Path, tmp_path: Path) -> None:
    data = [f"hc18={tiny_hc18}", f"planes={planes}"]
    with pytest.raises(FetalheadError, match=r"4 pictures .* have no outline"):
        fit(TrainingOptions(**TINY, data=data), tmp_path / "run")


@pytest.fixture(scope="module")
def masks_some_empty(tiny_hc18: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny set as a mask folder, in which every third mask is empty."""
    root = tmp_path_factory.mktemp("some_empty")
    for folder in ("images", "masks"):
        (root / folder).mkdir()
    for number, case in enumerate(open_data(f"hc18={tiny_hc18}").cases):
        mask = case.mask() if number % 3 else np.zeros((64, 96), bool)
        shutil.copy(case.image_path, root / "images" / case.name)
        cv2.imwrite(str(root / "masks" / case.name), mask.astype(np.uint8))
    shutil.copy(tiny_hc18 / "split.csv", root / "split.csv")
    return root


@pytest.mark.parametrize("strategy", ["supervised", "semi-supervised", "multitask"])
def test_empty_masks_teach_that_there_is_no_head(masks_some_empty: Path, tmp_path: Path, strategy: str) -> None:
    """They are labelled pictures of every strategy, and one line says how many they are."""
    options = options_of(strategy, [f"masks={masks_some_empty}"], "100%")
    with pytest.warns(FetalheadWarning, match="^3 of 8 drawn masks are empty: they teach") as told:
        material = training_material(options)
    assert len(told) == 1
    labelled = material.outlined.samples
    assert [sample.head is None for sample in labelled] == [number % 3 == 0 for number in range(8)]
    assert all(sample.outlined for sample in labelled) and material.planes is None
    batch = TrainingBatches(material, (64, 96), 0)
    views = [(float(mask.max()), known) for step in range(4) for mask, known in
             zip(batch[step]["mask"], batch[step]["outlined"], strict=True)]  # fmt: skip
    assert all(known for _, known in views) and sorted({round(most) for most, _ in views}) == [0, 1]
    with pytest.warns(FetalheadWarning):
        fit(options, tmp_path / "run")
    assert 0 <= float(rows_of(tmp_path / "run")[-1]["val_false_heads"]) <= 1


def test_masks_that_are_all_empty_are_one_line(masks_some_empty: Path, tmp_path: Path) -> None:
    root = tmp_path / "all_empty"
    shutil.copytree(masks_some_empty, root)
    for path in (root / "masks").iterdir():
        cv2.imwrite(str(path), np.zeros((64, 96), np.uint8))
    with pytest.raises(FetalheadError, match=r"no pictures with an outline in the train split.*8 masks are empty"):
        training_material(TrainingOptions(**TINY, data=[f"masks={root}"]))


def test_a_few_pictures_of_each_kind_make_the_same_streams(tiny_hc18: Path, planes: Path) -> None:
    """What a step costs is timed on them."""
    options = MultiTaskOptions(**SEMI, data=[f"hc18={tiny_hc18}", f"planes={planes}"], labels="3")
    material = training_material(options, at_most=1)
    assert material.planes is not None and material.unlabelled is not None
    streams = (material.outlined, material.planes, material.unlabelled)
    assert [len(stream.samples) for stream in streams] == [1, 3, 1], "the planes are abdomen, femur and a withheld head"
    whole = training_material(options)
    assert whole.planes is not None and whole.unlabelled is not None
    assert [len(stream.samples) for stream in (whole.outlined, whole.planes, whole.unlabelled)] == [3, 9, 5]


def options_of(strategy: str, data: list[str], labels: str) -> TrainingOptions:
    return {
        "supervised": lambda: TrainingOptions(**TINY, data=data, labels=labels),
        "semi-supervised": lambda: SemiSupervisedOptions(**SEMI, data=data, labels=labels),
        "multitask": lambda: MultiTaskOptions(**SEMI, data=data, labels=labels, plane_batch=2),
    }[strategy]()


@pytest.mark.parametrize("labels", ["100%", "1%", "1"])
@pytest.mark.parametrize("strategy", ["supervised", "semi-supervised", "multitask"])
def test_edges_of_a_share_train(tiny_hc18: Path, tmp_path: Path, strategy: str, labels: str) -> None:
    fit(dataclasses.replace(options_of(strategy, [f"hc18={tiny_hc18}"], labels), steps=2), tmp_path / "run")
    last = rows_of(tmp_path / "run")[-1]
    assert last["step"] == "2"
    assert ("loss_unlabelled" in last) == (strategy != "supervised")


@pytest.mark.parametrize("labels", ["0", "0%", "101%", "-1", "some", "99", "2.5"])
@pytest.mark.parametrize("strategy", ["supervised", "semi-supervised", "multitask"])
def test_shares_that_cannot_be_are_one_line(tiny_hc18: Path, tmp_path: Path, strategy: str, labels: str) -> None:
    with pytest.raises(FetalheadError, match=f"--labels {labels}") as caught:
        fit(options_of(strategy, [f"hc18={tiny_hc18}"], labels), tmp_path / "run")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_annotations_of_withheld_and_unlabelled_pictures_are_never_opened(tiny_hc18: Path, tmp_path: Path) -> None:
    from fetalhead.datasets.samples import load_training

    data = [f"hc18={tiny_hc18}"]
    known, withheld = load_training(data, "3", 0, (96, 144))
    assert {sample.subject for sample in known}.isdisjoint(sample.subject for sample in withheld)
    assert len({sample.subject for sample in known}) == 3 and len(withheld) == 5
    assert all(sample.head is None and not sample.annotated and sample.plane == "head" for sample in withheld)
    root = tmp_path / "without"
    shutil.copytree(tiny_hc18, root)
    for sample in withheld:
        (root / "training_set" / sample.name.replace(".png", "_Annotation.png")).write_bytes(b"not a picture")
    fit(SemiSupervisedOptions(**SEMI, data=[f"hc18={root}"], labels="3"), tmp_path / "run")
    fit(SemiSupervisedOptions(**SEMI, data=data, labels="3"), tmp_path / "other")
    assert same(network_weights(tmp_path / "run"), network_weights(tmp_path / "other"))


@pytest.mark.parametrize("kind", ["hc18", "masks", "masks:2"])
def test_outlines_of_sets_that_are_given_without_labels_are_never_opened(
    tiny_hc18: Path, masks_some_empty: Path, tmp_path: Path, kind: str
) -> None:
    from fetalhead.datasets.samples import load_unlabelled

    root = tmp_path / "set"
    shutil.copytree(tiny_hc18 if kind == "hc18" else masks_some_empty, root)
    drawn = [*root.rglob("*_Annotation.png"), *root.glob("masks/*")]
    assert len(drawn) == len(open_data(f"{kind.partition(':')[0]}={root}").cases)
    for path in drawn:
        path.write_bytes(b"not a picture")
    found = load_unlabelled([f"{kind}={root}"], (96, 144))
    assert found and all(sample.head is None and not sample.annotated for sample in found)


def test_the_planes_of_pictures_whose_outlines_are_withheld_are_learnt(tiny_hc18: Path, planes: Path) -> None:
    """Else few labels would also mean few heads to tell from other planes, and of the early ones next to none."""
    data = [f"hc18={tiny_hc18}", f"planes={planes}"]
    material = training_material(MultiTaskOptions(**SEMI, data=data, labels="3"))
    assert material.planes is not None and material.unlabelled is not None
    assert Counter(sample.plane for sample in material.planes.samples) == {"head": 5, "abdomen": 2, "femur": 2}
    assert all(not sample.outlined for sample in material.planes.samples if sample.plane == "head")
    assert {sample.plane for sample in material.unlabelled.samples} == {"head"}, "of these an outline may be learnt"
    batch = TrainingBatches(material, (64, 96), 0)[0]
    assert batch["unlabelled_plane"].tolist() == [0, 0, 0]


def test_a_plane_that_the_outline_alone_tells_is_withheld_with_it(masks_some_empty: Path) -> None:
    """An empty mask says that no head is there: unopened, nobody can say that one is."""
    from fetalhead.datasets.samples import load_training

    drawn = [load_training([f"masks={masks_some_empty}"], "3", seed, (96, 144)) for seed in range(4)]
    assert {sample.plane for known, _ in drawn for sample in known} == {"head", "other"}
    for _, withheld in drawn:
        assert [sample.plane for sample in withheld] == [""] * 5


def test_a_smaller_share_is_a_part_of_a_larger_one(tiny_hc18: Path) -> None:
    from fetalhead.datasets.samples import load_training

    def subjects(labels: str, seed: int) -> set[str]:
        return {sample.subject for sample in load_training([f"hc18={tiny_hc18}"], labels, seed, (96, 144))[0]}

    assert subjects("2", 0) < subjects("4", 0) < subjects("100%", 0)
    assert len({frozenset(subjects("2", seed)) for seed in range(6)}) > 1


def test_nothing_is_known_of_pictures_given_as_unlabelled(tiny_hc18: Path, tmp_path: Path) -> None:
    for path in (tiny_hc18 / "training_set").glob("*_HC.png"):
        cv2.imwrite(str(tmp_path / path.name), cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)[::-1])
    options = MultiTaskOptions(**SEMI, data=[f"hc18={tiny_hc18}"], unlabelled=[str(tmp_path)])
    batch = TrainingBatches(training_material(options), (64, 96), 0)[0]
    assert batch["unlabelled_plane"].tolist() == [-1, -1, -1]


def test_a_folder_of_pictures_serves_as_unlabelled(tiny_hc18: Path, tmp_path: Path) -> None:
    common = {"data": [f"hc18={tiny_hc18}"], "confidence": 0.5}
    (tmp_path / "pictures").mkdir()
    for path in (tiny_hc18 / "training_set").glob("*_HC.png"):
        cv2.imwrite(str(tmp_path / "pictures" / path.name), cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)[::-1])
    folder = str(tmp_path / "pictures")
    fit(SemiSupervisedOptions(**SEMI, **common), tmp_path / "own")
    fit(SemiSupervisedOptions(**SEMI, **common, unlabelled=[folder]), tmp_path / "more")
    assert not same(network_weights(tmp_path / "own"), network_weights(tmp_path / "more"))
    with pytest.raises(FetalheadError, match="--unlabelled /nowhere"):
        fit(SemiSupervisedOptions(**SEMI, **common, unlabelled=["/nowhere"]), tmp_path / "none")


@pytest.mark.parametrize("term", TERMS)
def test_a_semi_supervised_run_resumes_exactly(tiny_hc18: Path, tmp_path: Path, term: str) -> None:
    options = SemiSupervisedOptions(**SEMI, data=[f"hc18={tiny_hc18}"], labels="50%", unlabelled_loss=term)
    fit(options, tmp_path / "whole")
    half = dataclasses.replace(options, steps=4)
    import fetalhead.training.learner as learner_module

    stop = learner_module.Learner.on_train_batch_end

    def stop_after_two(self: learner_module.Learner, *arguments: object) -> None:
        stop(self, *arguments)
        if self.trainer.global_step == 2:
            self.trainer.should_stop = True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learner_module.Learner, "on_train_batch_end", stop_after_two)
        fit(half, tmp_path / "stopped")
    assert [row["step"] for row in rows_of(tmp_path / "stopped")] == ["2"]
    fit(half, tmp_path / "stopped", resume=True)
    assert same(network_weights(tmp_path / "whole"), network_weights(tmp_path / "stopped"))


def test_fine_tuning_gives_a_network_without_planes_a_head_for_them(tiny_hc18: Path, tmp_path: Path) -> None:
    data = [f"hc18={tiny_hc18}"]
    fit(TrainingOptions(**TINY, data=data), tmp_path / "first")
    fit(MultiTaskOptions(**SEMI, data=data, init=str(tmp_path / "first"), plane_classes=3), tmp_path / "second")
    assert network_of_run(tmp_path / "second")[0].architecture.planes == 3


def test_an_exported_multitask_model_tells_planes(tiny_hc18: Path, planes: Path, tmp_path: Path) -> None:
    from fetalhead.inference.model_folder import ModelFolder
    from fetalhead.inference.predictor import Predictor
    from fetalhead.training.export import ExportOptions, export

    data = [f"hc18={tiny_hc18}", f"planes={planes}"]
    fit(MultiTaskOptions(**SEMI, data=data, unlabelled=[f"planes={planes}"]), tmp_path / "run")
    export(tmp_path / "run", tmp_path / "model", ExportOptions("tiny", "last.ckpt", True, flips=True, metrics=()))
    folder = ModelFolder.load(tmp_path / "model")
    assert folder.classes == ("head", "abdomen", "femur", "other")
    prediction = Predictor(folder).predict(np.full((64, 96), 90, np.uint8))
    assert prediction.plane is not None and sum(prediction.plane.values()) == pytest.approx(1, abs=1e-5)
    card = (tmp_path / "model" / "MODEL_CARD.md").read_text()
    assert "without labels: a data set in the layout of planes" in card and str(tmp_path) not in card
