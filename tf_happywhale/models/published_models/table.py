"""Published models by name: what they are, and how their checkpoints become ours.

Sources:
    AnyDorsal: the package pyseter 0.3.2 (MIT), `pyseter/extract.py`; Patton et al.: A deep learning
    approach to photo-identification demonstrates high performance on two dozen cetacean species,
    Methods in Ecology and Evolution 2023, https://doi.org/10.1111/2041-210X.14167
    MiewID: the package animl 3.0.1 (MIT), `animl/reid/miewid.py`; the README of
    https://github.com/WildMeOrg/wbia-plugin-miew-id; Otarashvili et al.: Multispecies Animal Re-ID
    Using a Large Community-Curated Dataset, 2024, https://arxiv.org/abs/2412.05602
    MegaDescriptor: the notebooks of https://github.com/WildlifeDatasets/wildlife-tools (MIT) in
    `baselines/`, by which the models were trained and tested; Čermák et al.: WildlifeDatasets: An
    open-source toolkit for animal re-identification, WACV 2024, https://arxiv.org/abs/2311.09118
    DINOv2: https://github.com/facebookresearch/dinov2 (Apache-2.0); timm's `vision_transformer.py`;
    Oquab et al.: DINOv2: Learning Robust Visual Features without Supervision, 2023,
    https://arxiv.org/abs/2304.07193
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from tf_happywhale.models.backbones.swin_variants import SWINS
from tf_happywhale.models.backbones.variants import IMAGENET
from tf_happywhale.models.backbones.vit_variants import VITS

PixelNorm = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True)
class PublishedModel:
    """A model that somebody else has trained and published. A text is empty if it is not known."""

    name: str  # the word that stands for it in commands
    network: str  # timm's name of its backbone
    backbone: str  # ours, of `ARCHITECTURES`
    pooling: Literal["mean", "gem", "token"]  # token: a vision transformer's class token
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

    @property
    def fixed(self) -> bool:
        """Whether it sees pictures of its own size only, and no training can start from it."""
        return self.backbone in SWINS or self.backbone in VITS


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

NOT_FOR_MONEY = "commercial use is forbidden, and whoever uses it has to name its authors"


def _megadescriptor(letter: str, network: str, embedding: int, sha256: str = "") -> PublishedModel:
    """Return the MegaDescriptor of a letter, such as T, with the network of timm's name.

    Its pixels are normalised as in the notebooks by which it was trained and tested. The example on
    its page says halves instead.
    """
    size = SWINS[network].size
    return PublishedModel(
        name=f"megadescriptor_{letter.lower()}_{size}",
        network=network,
        backbone=network,
        pooling="mean",
        norm=False,
        size=size,
        mean_std=IMAGENET,
        embedding=embedding,
        trained_on="WildlifeDatasets: many species, among them Happywhale's and right whales",
        licence="CC-BY-NC-4.0",
        restricted=NOT_FOR_MONEY,
        source=f"hf://BVRA/MegaDescriptor-{letter}-{size}",
        file="pytorch_model.bin",
        sha256=sha256,
        prefix="",
    )


MEGADESCRIPTORS = (
    _megadescriptor("T", "swin_tiny_patch4_window7_224", 768),
    _megadescriptor("S", "swin_small_patch4_window7_224", 768),
    _megadescriptor(
        "B",
        "swin_base_patch4_window7_224",
        1024,
        sha256="655791158167f07773a890368f7db2fced85d569b9bccbbe7e5194e5051e2459",
    ),
    _megadescriptor("L", "swin_large_patch4_window7_224", 1536),
    _megadescriptor("L", "swin_large_patch4_window12_384", 1536),
)


def _dinov2(letter: str, network: str) -> PublishedModel:
    """Return the DINOv2 of a letter, such as s, with the network of timm's name, as timm keeps it
    on the hub."""
    vit = VITS[network]
    return PublishedModel(
        name=f"dinov2_{letter}",
        network=network,
        backbone=network,
        pooling="token",
        norm=False,
        size=vit.size,
        mean_std=vit.mean_std,
        embedding=vit.channels,
        trained_on="LVD-142M: 142 million pictures of anything; nobody named what they show",
        licence="Apache-2.0",
        restricted="",
        source=f"hf://timm/{network}.lvd142m",
        file="model.safetensors",
        sha256="",
        prefix="",
    )


DINOV2S = (
    _dinov2("s", "vit_small_patch14_dinov2"),
    _dinov2("b", "vit_base_patch14_dinov2"),
    _dinov2("l", "vit_large_patch14_dinov2"),
)

PUBLISHED: dict[str, PublishedModel] = {
    model.name: model for model in (ANYDORSAL, MIEWID_MSV3, MIEWID_V4, *MEGADESCRIPTORS, *DINOV2S)
}
