"""The U-Net: a timm encoder and a light decoder that stops at half resolution."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn
from torch.nn import functional

from fetalhead.models.encoder_weights import ENCODER, load_imagenet_weights

MEAN, STD = 0.5, 0.5
"""Of grey in 0..1: what the encoder's ImageNet weights were trained with."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """All that is needed to build the network again."""

    encoder: str = ENCODER
    """A timm name."""
    decoder_channels: tuple[int, ...] = (128, 64, 32, 16)
    """Channels of the decoder's blocks, coarsest first, the last at stride 2. As many of the encoder's stages are used
    as these reach, and one more: four blocks begin at stride 32, three at stride 16."""
    planes: int = 0
    """Classes of the plane head; 0 for a network without one."""

    def to_dict(self) -> dict[str, Any]:
        return {"name": "unet", **asdict(self), "decoder_channels": list(self.decoder_channels)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Architecture:
        return cls(values["encoder"], tuple(values["decoder_channels"]), values.get("planes", 0))


class UNet(nn.Module):
    """U-Net (Ronneberger 2015) on a grey picture, with logits at half resolution enlarged twice, bilinearly.

    The last decoder block, at full resolution and without a skip connection, costs a tenth of the time and gives
    nothing that the bilinear step does not: a head's border is smooth.
    """

    def __init__(self, architecture: Architecture, encoder_weights: str | None = None) -> None:
        """`encoder_weights`: "imagenet" or None (random)."""
        super().__init__()
        self.architecture = architecture
        whole = smp.Unet(
            f"tu-{architecture.encoder}",
            encoder_weights=None,
            in_channels=1,
            encoder_depth=len(architecture.decoder_channels) + 1,
            decoder_channels=(*architecture.decoder_channels, architecture.decoder_channels[-1]),
        )
        self.encoder, self.decoder = whole.encoder, whole.decoder
        del self.decoder.blocks[-1]
        self.head = nn.Conv2d(architecture.decoder_channels[-1], 1, kernel_size=3, padding=1)
        if architecture.planes:
            self.plane_head = nn.Linear(self.encoder.out_channels[-1], architecture.planes)
        if encoder_weights == "imagenet":
            load_imagenet_weights(self.encoder.model, architecture.encoder)
        _leave_out_unused_stages(self.encoder.model)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """(N, 1, H, W) normalised pictures -> `head_logits` (N, 1, H, W), and `plane_logits` (N, planes) if any."""
        features = self.encoder(image)
        outputs = {"head_logits": self.decode(features)}
        if self.architecture.planes:
            outputs["plane_logits"] = self.plane_head(features[-1].mean(dim=(2, 3)))
        return outputs

    def decode(self, features: list[Tensor]) -> Tensor:
        """The encoder's features, finest first -> head logits (N, 1, H, W)."""
        return functional.interpolate(
            self.head(self.decoder(features)), scale_factor=2, mode="bilinear", align_corners=False
        )


def _leave_out_unused_stages(encoder: Any) -> None:
    """Without the stages after the last one that is looked at, which timm keeps in its EfficientNets."""
    looked_at = getattr(encoder, "_stage_out_idx", None)
    if looked_at:
        encoder.blocks = encoder.blocks[: max(looked_at)]


def normalise(pictures: Tensor) -> Tensor:
    """Grey values in 0..1 as the network wants them."""
    return (pictures - MEAN) / STD


def prepare(network: UNet) -> UNet:
    """Channels last: up to three times faster on a CPU."""
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network
