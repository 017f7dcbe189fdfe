"""Published models by name: what they are, and how their checkpoints become ours.

Sources:
    AnyDorsal: the package pyseter 0.3.2 (MIT), `pyseter/extract.py`; Patton et al.: A deep learning
    approach to photo-identification demonstrates high performance on two dozen cetacean species,
    Methods in Ecology and Evolution 2023, https://doi.org/10.1111/2041-210X.14167
    MiewID: the package animl 3.0.1 (MIT), `animl/reid/miewid.py`; the README of
    https://github.com/WildMeOrg/wbia-plugin-miew-id; Otarashvili et al.: Multispecies Animal Re-ID
    Using a Large Community-Curated Dataset, 2024, https://arxiv.org/abs/2412.05602
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from tf_happywhale.models.backbones.variants import IMAGENET

PixelNorm = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True)
class PublishedModel:
    """A model that somebody else has trained and published. A text is empty if it is not known."""

    name: str  # the word that stands for it in commands
    network: str  # timm's name of its backbone
    backbone: str  # ours, of `VARIANTS`
    pooling: Literal["mean", "gem"]
    norm: bool  # a BatchNorm follows the pooling
    size: int  # side of its pictures, pixels; they are squashed to a square
    mean_std: PixelNorm  # of pixels in 0–1, red first
    embedding: int  # length of an embedding
    trained_on: str
    licence: str  # of the weights
    restricted: str  # what the licence forbids or leaves open
    source: str  # where it comes from, hf://OWNER/NAME; empty: only from a file
    file: str  # its name there
    sha256: str  # of that file
    prefix: str = "backbone."  # what its file says before timm's names of the backbone's tensors


ANYDORSAL = PublishedModel(
    name="anydorsal",
    network="tf_efficientnet_l2",
    backbone="l2",
    pooling="mean",
    norm=False,
    size=768,
    mean_std=(IMAGENET[0][::-1], IMAGENET[1][::-1]),  # as pyseter has them: blue's for red
    embedding=5504,
    trained_on="Happywhale's competition: 15,587 whales and dolphins",
    licence="",
    restricted="",
    source="hf://philpatton/ristwhales",
    file="ristwhales_model.pth",
    sha256="",
    prefix="backbone.timm_model.",
)

NO_LICENCE = (
    "no licence is stated, so nothing is allowed beyond what the law allows: ask Conservation X "
    "Labs before you use it"
)

MIEWID_MSV3 = PublishedModel(
    name="miewid_msv3",
    network="efficientnetv2_rw_m",
    backbone="efficientnetv2_rw_m",
    pooling="gem",
    norm=True,
    size=440,
    mean_std=IMAGENET,
    embedding=2152,
    trained_on="Wildbook: 64 species on land and in water",
    licence="none stated",
    restricted=NO_LICENCE,
    source="hf://conservationxlabs/miewid-msv3",
    file="model.safetensors",
    sha256="adff92b39678f37eb74861c6399a741639a8907ec2382738e903d6120727b348",
)

MIEWID_V4 = replace(
    MIEWID_MSV3,
    name="miewid_v4",
    trained_on="Wildbook: about 20,000 individuals",
    licence="",
    source="",
    file="miew_id.msv4_1_main.bin",
    sha256="",  # v4 and v4.1 are two files of one network
)

PUBLISHED: dict[str, PublishedModel] = {
    model.name: model for model in (ANYDORSAL, MIEWID_MSV3, MIEWID_V4)
}
