"""Published models of animals beside their publishers' own code: part of `make parity`.

Nobody's weights are needed. The model in the publisher's package gets random weights, and BatchNorm
statistics of drawn photographs, so that its embeddings tell these apart. It is saved as the
published file is, its classifier included, and read back by its publisher's way of loading, and by
`convert`. Both sides then embed photographs of two sizes out of their files: each decodes, squashes
and normalises them itself. Between them stand the two networks with the same squashed pixels.

The packages, pyseter (AnyDorsal) and animl (MiewID), are both MIT. MegaDescriptor is timm's Swin
(Apache-2.0), in a file as wildlife-tools (MIT) saves a training, with names as timm had them when
MegaDescriptor was trained; those of L at 384 px are today's. DINOv2 is timm's vision transformer,
in a file as timm keeps it on the hub; that of B is as DINOv2's makers (Apache-2.0) saved it.
"""

from __future__ import annotations

import contextlib
import io
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

# Before TensorFlow: both bring an LLVM, and PyTorch's compiler crashes when it comes second.
import torch._dynamo  # isort: skip

import cv2
import numpy as np
import timm
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from timm.models import swin_transformer, vision_transformer
from torchvision.transforms import v2

from tf_happywhale.catalogue.pod.drawn_photograph import draw_photograph
from tf_happywhale.catalogue.pod.fin import SPECIES, draw_fin
from tf_happywhale.models.published_models.convert import convert
from tf_happywhale.models.published_models.table import PUBLISHED, PublishedModel
from tf_happywhale.pictures.jpeg_region import read_crops

SIZES = ((1600, 1200), (400, 300))  # width and height: one shrinks, the other grows
SEED, LEARNED_AT = 11, 128  # pixels of the pictures that BatchNorm's statistics are of
IDENTITIES = 100  # of MegaDescriptor's classifier, which nobody takes
TOLD_APART = 2e-3  # what a peer's embeddings of two photographs must differ by
Embed = Callable[[Path], np.ndarray]


@dataclass(frozen=True)
class Peer:
    """A publisher's model with random weights: its file, and how it embeds a photograph's file."""

    file: Path
    embed: Embed


def compare_published(name: str, folder: Path) -> tuple[str, float]:
    """A model's line of the table, and its largest distance; NaN if all photographs look alike."""
    published = PUBLISHED[name]
    home = folder / name
    home.mkdir()
    peer = PEERS[name](home)
    ours = convert(published, peer.file)
    cells, worst, theirs = [], 0.0, []
    for place, (width, height) in enumerate(SIZES):
        photo, squashed = home / "photo" / f"{place}.jpg", home / "squashed" / f"{place}.png"
        write(photo, drawn(place, width, height))
        crop = read_crops(photo.read_bytes(), [None], published.size, smooth=True)[0]
        write(squashed, crop)
        mine = ours.predict_on_batch(crop[None])[0]  # a plain call keeps every layer's output
        theirs.append(peer.embed(photo))
        alone, whole = (distance(mine, other) for other in (peer.embed(squashed), theirs[-1]))
        cells.append(f"{alone:.1e} | {whole:.1e}")
        worst = max(worst, alone, whole)
    size = f"{peer.file.stat().st_size / 1e6:,.0f} MB"
    apart = distance(*theirs)
    peer.file.unlink()
    row = (
        f"| {name} | `{peer.file.name}`, {size} | {published.size} | {len(mine):,} | "
        f"{' | '.join(cells)} | {apart:.1e} |"
    )
    return row, worst if apart > TOLD_APART else float("nan")


def distance(first: np.ndarray, second: np.ndarray) -> float:
    """The cosine distance of two embeddings, in float64."""
    a, b = (value.astype(np.float64) / np.linalg.norm(value.astype(np.float64))
            for value in (first, second))  # fmt: skip
    return float(((a - b) ** 2).sum() / 2)  # 1 − a·b without its rounding


def drawn(seed: int, width: int, height: int) -> np.ndarray:
    """A photograph of a drawn dolphin, uint8 RGB [height, width, 3]."""
    fin = draw_fin("one", SPECIES[seed % len(SPECIES)], np.random.default_rng(seed))
    return draw_photograph(fin, seed=[SEED, seed], width=width, height=height)[0]


def write(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


def randomise(model: torch.nn.Module, forward: Callable) -> None:
    """Draw every weight; BatchNorms get the statistics of drawn photographs."""
    torch.manual_seed(SEED)
    for key, value in model.state_dict().items():
        if key.endswith("pooling.p"):
            value.fill_(2.7)
        elif key.endswith((".weight", ".gamma")) and value.ndim == 1:
            value.uniform_(0.3, 1.2)
        elif key in ("cls_token", "pos_embed"):
            value.normal_(0, 0.5)
        elif value.ndim == 1 and value.is_floating_point():
            value.normal_(0, 0.1)
        elif value.ndim > 1:
            value.normal_(0, value[0].numel() ** -0.5)
    model.eval()
    norms = [m for m in model.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    if not norms:
        return
    for module in norms:
        module.reset_running_stats()
        module.momentum = None  # the mean of all batches
    pictures = np.stack([drawn(100 + n, LEARNED_AT, LEARNED_AT) for n in range(16)])
    batch = torch.from_numpy(pictures).permute(0, 3, 1, 2).float().sub(115).div(58)
    with torch.no_grad():
        forward(model.train(), batch)
    model.eval()


def anydorsal(folder: Path) -> Peer:
    """pyseter's model, saved as the training program left it, loaded and used by pyseter."""
    from pyseter import extract

    backbone = extract.EfficientNetCustomBackbone("tf_efficientnet_l2")
    model = extract.ImageClassifier(backbone, 5504, 15587)
    randomise(model, lambda one, batch: one(batch, return_loss=False))
    ours, theirs = "backbone.base_model.", "backbone.timm_model."
    state = {key.replace(ours, theirs): value for key, value in model.state_dict().items()}
    file = folder / PUBLISHED["anydorsal"].file
    torch.save({"meta": {"epoch": 20, "rate": 1e-3}, "state_dict": state}, file)
    del model, backbone, state
    extract.hf_hub_download = lambda **_: file
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        loaded = extract.FeatureExtractor(1, device="cpu")._get_model().eval()
    if "Warning" in said.getvalue():
        raise SystemExit(f"pyseter does not take the file: {said.getvalue()}")

    def embed(photo: Path) -> np.ndarray:
        dataset = extract.get_test_data(str(photo.parent), 1).dataset
        _, image = dataset[dataset.images.index(photo.name)]
        with torch.inference_mode():
            return loaded(image[None], return_loss=False)[0].numpy()

    return Peer(file, embed)


def miewid_msv3(folder: Path) -> Peer:
    """animl's model, saved as on the hub."""
    model = random_miewid()
    file = folder / PUBLISHED["miewid_msv3"].file
    state = {key.replace("pooling.p", "backbone.global_pool.p"): value.contiguous()
             for key, value in model.state_dict().items()}  # fmt: skip
    save_file(state, file)
    return Peer(file, miewid_embed(model))


def miewid_v4(folder: Path) -> Peer:
    """animl's model, saved as the plugin of Wildbook does, and loaded as animl does."""
    state = random_miewid().state_dict()
    file = folder / PUBLISHED["miewid_v4"].file
    torch.save({key: value for key, value in state.items() if not key.startswith("final.")}, file)
    loaded = empty_miewid()
    loaded.load_state_dict(torch.load(file, weights_only=True), strict=False)
    return Peer(file, miewid_embed(loaded.eval()))


def random_miewid() -> torch.nn.Module:
    model = empty_miewid()
    randomise(model, lambda one, batch: one.extract_feat(batch))
    return model


def empty_miewid() -> torch.nn.Module:
    with contextlib.redirect_stdout(io.StringIO()):
        return animl_module("reid/miewid.py").MiewIdNet(device="cpu", pretrained=False)


def miewid_embed(model: torch.nn.Module) -> Embed:
    """What animl's `extract_miew_embeddings` does with a photograph without a box."""
    prepare = squashing(440)

    def embed(photo: Path) -> np.ndarray:
        with Image.open(photo) as image, torch.inference_mode():
            return model.extract_feat(prepare(image.convert("RGB"))[None])[0].numpy()

    return embed


def squashing(size: int) -> v2.Compose:
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    return v2.Compose(
        [
            v2.Resize((size, size)),
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(mean=mean, std=std),
        ]
    )


def animl_module(place: str) -> ModuleType:
    """A file of the package animl, without the package, which wants a detector and more."""
    found = find_spec("animl")
    if found is None:
        raise SystemExit("animl is missing: `pip install --no-deps animl==3.0.1`.")
    spec = spec_from_file_location("animl_part", Path(found.origin).parent / place)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def megadescriptor(name: str, folder: Path) -> Peer:
    """timm's network with a classifier, saved, and loaded as timm does from the hub."""
    published = PUBLISHED[name]
    model = timm.create_model(published.network, num_classes=IDENTITIES)
    randomise(model, model)
    state = dict(model.state_dict())
    if name != "megadescriptor_l_384":
        buffers = {key: one for key, one in model.named_buffers() if one is not None}
        state = {older(key): value for key, value in {**state, **buffers}.items()}
        state = as_trained(state)
    file = folder / published.file
    torch.save(state, file)
    del model, state
    saved = torch.load(file, weights_only=False)
    return by_timm(published, file, saved, swin_transformer.checkpoint_filter_fn)


def dinov2(name: str, folder: Path) -> Peer:
    """timm's network, saved, and loaded as timm does."""
    published = PUBLISHED[name]
    model = timm.create_model(published.network, num_classes=0)
    randomise(model, model)
    state = {key: value.contiguous() for key, value in model.state_dict().items()}
    if name == "dinov2_b":
        file = folder / "dinov2_vitb14_pretrain.pth"
        torch.save({**state, "mask_token": torch.zeros(1, published.embedding)}, file)
        saved = torch.load(file, weights_only=True)
    else:
        file = folder / published.file
        save_file(state, file)
        saved = load_file(file)
    return by_timm(published, file, saved, vision_transformer.checkpoint_filter_fn)


def by_timm(published: PublishedModel, file: Path, saved: dict, keep: Callable) -> Peer:
    """timm's network with what it keeps of a file's tensors."""
    size, loaded = published.size, timm.create_model(published.network, num_classes=0).eval()
    missing, more = loaded.load_state_dict(keep(saved, loaded), strict=False)
    if missing or not all(key.startswith("head.") for key in more):
        raise SystemExit(f"timm does not take the file: {missing or more}")

    def embed(photo: Path) -> np.ndarray:
        picture = Image.fromarray(cv2.cvtColor(cv2.imread(str(photo)), cv2.COLOR_BGR2RGB))
        with torch.inference_mode():
            return loaded(squashing(size)(picture)[None])[0].numpy()

    return Peer(file, embed)


def older(name: str) -> str:
    """timm's name of a Swin's tensor until version 0.8."""
    name = re.sub(r"layers.(\d+).downsample", lambda n: f"layers.{int(n[1]) - 1}.downsample", name)
    return name.replace("head.fc.", "head.")


def as_trained(state: dict[str, torch.Tensor]) -> dict:
    """What wildlife-tools' `BasicTrainer.save` writes."""
    kept = {"random_rng_state": random.getstate(), "numpy_rng_state": np.random.get_state()}
    kept["torch_rng_state"] = torch.get_rng_state()
    objective = {"loss.W": torch.randn(8, IDENTITIES)}
    return {"model": state, "objective": objective, "epoch": 100, "rng_states": kept}


PEERS = {"anydorsal": anydorsal, "miewid_msv3": miewid_msv3, "miewid_v4": miewid_v4}
PEERS |= {
    name: partial(peer, name)
    for start, peer in (("megadescriptor", megadescriptor), ("dinov2", dinov2))
    for name in PUBLISHED
    if name.startswith(start)
}
