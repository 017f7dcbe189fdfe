"""Our backbones beside timm's on PyTorch, with the same weights: `make parity`.

For each network timm's model gets random weights and random BatchNorm statistics, is written as
.safetensors and read by our loader; feature maps at two picture sizes, parameter counts, and for
eca_nfnet_l0 every gradient of a training step are compared; so is the whole preset original beside
the original's PyTorch model (parity_original.py), its gradients in float64 too; and published
models of animals, from photographs to embeddings (parity_published.py). Then how long building and
filling takes, and how much memory. The tables go to docs/parity.md; `--fixtures` also writes timm's
values for the tests, which have no PyTorch.

    python benchmarks/parity.py
    python benchmarks/parity.py --only b0 anydorsal     (prints, writes nothing)
    python benchmarks/parity.py --fixtures
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

# Before TensorFlow: both bring an LLVM, and PyTorch's compiler crashes when it comes second.
import torch._dynamo  # isort: skip

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
import timm
import torch
from parity_original import FirstStep, Pair, first_step, make_pair, steps_apart
from parity_published import SIZES as PHOTOGRAPHS
from parity_published import compare_published
from parity_swin import swin_fixtures
from parity_vit import vit_fixtures
from safetensors.torch import save_file
from tqdm import tqdm

from tf_happywhale.disk.files import write_json, write_text
from tf_happywhale.models.backbones.build import FEATURES
from tf_happywhale.models.backbones.variants import LITE0, VARIANTS
from tf_happywhale.models.pretrained import pretrained_backbone
from tf_happywhale.models.published_models.table import PUBLISHED
from tf_happywhale.models.weights.fill_network import COUNTER, tensor_name
from tf_happywhale.models.weights.parity import differences, formula_tensor, timm_model
from tf_happywhale.models.weights.published import read_weights

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "tests" / "models" / "fixtures" / "backbones.json"
NETWORKS = (
    "b0", "b6", "v2_s", "v2_l", "v2_xl", "lite0", "eca_nfnet_l0", "eca_nfnet_l1", "eca_nfnet_l2",
    "nfnet_l0", "efficientnetv2_rw_m", "l2",
)  # fmt: skip
GRADIENTS = ("eca_nfnet_l0",)
WHOLE = ("b0", "lite0", "eca_nfnet_l0")
BUILT = ("b6", "v2_l")
SEED = 11

# What the tests build instead of the real network, small enough for a few milliseconds a picture.
NFNET = {"channels": (64, 128, 384, 384), "stem": 32, "group": 16, "head": 576}
SHRUNKEN = {
    "b0": {"width": 0.5},
    "lite0": {"width": 0.5},
    "b6": {"width": 0.4, "depth": 0.7},
    "v2_s": {"width": 0.4, "depth": 0.2},
    "v2_l": {"width": 0.25, "depth": 0.1, "head": 5120},
    "v2_xl": {"width": 0.25, "depth": 0.12, "head": 5120},
    "efficientnetv2_rw_m": {"width": 0.4, "depth": 0.2},
    "l2": {"width": 0.3, "depth": 1.1},
    "eca_nfnet_l0": {**NFNET, "depths": (1, 1, 2, 1)},
    "eca_nfnet_l1": {**NFNET, "depths": (1, 2, 1, 1)},
    "eca_nfnet_l2": {**NFNET, "depths": (2, 1, 1, 2)},
    "nfnet_l0": {**NFNET, "depths": (1, 1, 1, 1)},
}


MISSED: list[str] = []


def check(what: str, figure: float, limit: float) -> None:
    """Note a figure that is above its limit, or is no number."""
    if not figure <= limit:
        MISSED.append(f"{what} {figure:.3g}, wanted at most {limit:g}")


def random_timm_model(name: str) -> torch.nn.Module:
    """timm's network with every tensor random, norms' statistics too.

    Kernels and norms let a signal shrink a little: where it grows, a deep random network is chaos,
    and rounding alone makes its last maps different.
    """
    torch.manual_seed(SEED)
    model = timm.create_model(VARIANTS[name].timm)
    for key, value in model.state_dict().items():
        if key.endswith((".running_var", ".gain")):
            value.uniform_(0.5, 1.5)
        elif key.endswith(".weight") and value.ndim == 1:
            value.uniform_(0.3, 1.2)
        elif value.ndim == 1:
            value.normal_(0, 0.1)
        elif value.ndim > 1:
            value.normal_(0, value[0].numel() ** -0.5)
    return model.eval()


def checkpoint(model: torch.nn.Module, folder: Path) -> Path:
    path = folder / "model.safetensors"
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, path)
    return path


def compare(name: str, folder: Path) -> str:
    """A network's line of the table: parameters, and each map's difference at each size."""
    theirs = random_timm_model(name)
    ours = pretrained_backbone(name, str(checkpoint(theirs, folder)), features=FEATURES)
    found = differences(name, ours, theirs)
    parameters = sum(int(np.prod(v.shape)) for v in ours.trainable_variables)
    classifier = ("classifier.", "head.fc.")
    expected = sum(p.numel() for n, p in theirs.named_parameters() if not n.startswith(classifier))
    by = {(d.size, d.feature): d.relative for d in found}
    cells = " | ".join(f"{by[size, feature]:.1e}" for size, feature in by)
    check(f"{name}: parameters", abs(parameters - expected), 0)
    check(f"{name}: maps", max(by.values()), 1e-4)
    return f"| {name} | {parameters:,} | {expected:,} | {cells} |"


def compare_gradients(name: str, folder: Path) -> str:
    """The largest difference of any parameter's gradient, relative to its largest value."""
    theirs = random_timm_model(name)
    ours = pretrained_backbone(name, str(checkpoint(theirs, folder)))
    rng = np.random.default_rng(SEED)
    pictures = rng.integers(0, 256, (4, 96, 96, 3), dtype=np.uint8)
    mean, std = (np.array(values, np.float32) for values in VARIANTS[name].mean_std)
    normalised = ((pictures / np.float32(255) - mean) / std).transpose(0, 3, 1, 2)
    theirs.train()
    features = theirs.forward_features(torch.from_numpy(np.ascontiguousarray(normalised)))
    weights = rng.normal(size=features.shape).astype(np.float32)
    (features * torch.from_numpy(weights)).mean().backward()
    expected = {n: p.grad.numpy() for n, p in theirs.named_parameters() if p.grad is not None}

    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(ours(pictures, training=True) * weights.transpose(0, 2, 3, 1))
    variables = ours.trainable_variables
    found = tape.gradient(loss, [v.value for v in variables])
    owners = {id(v): layer.name for layer in ours.layers for v in layer.weights}
    worst, place = 0.0, ""
    for variable, gradient in zip(variables, found, strict=True):
        key = tensor_name(owners[id(variable)], variable.name)
        its = expected.pop(key)
        mine = in_torch_layout(gradient.numpy(), its.shape, depthwise="conv_dw" in key)
        difference = np.abs(mine - its).max() / np.abs(its).max()
        if not difference <= worst:  # NaN too
            worst, place = difference, key
    if expected:
        raise SystemExit(f"timm has gradients that ours has not: {list(expected)[:3]}")
    check(f"{name}: gradients", worst, 1e-3)
    return f"| {name} | {len(variables)} | {worst:.1e} | `{place}` |"


def original_pair(name: str, folder: Path) -> Pair:
    """The preset original with this backbone, here and in the original's PyTorch model."""
    if name == "lite0":  # with its real weights
        tensors, weights = read_weights(LITE0.weights["lite0_package"]), "lite0_package"
        theirs = timm_model(name, tensors)
    else:
        theirs = random_timm_model(name)
        weights = str(checkpoint(theirs, folder))
        theirs.reset_classifier(0)
    return make_pair(name, theirs, weights)


def compare_whole(name: str, folder: Path) -> str:
    """A line of the preset original's table."""
    exact = in_float64(name, folder)
    pair = original_pair(name, folder)
    rounded, later = first_step(pair, in_torch_layout), steps_apart(pair)
    check(f"preset original, {name}: loss", max(exact.loss, rounded.loss), 1e-4)
    check(f"preset original, {name}: gradients in float64", exact.gradient, 1e-4)
    return (
        f"| {name} | {exact.parameters} | {exact.loss:.1e} | {exact.gradient:.1e} | "
        f"`{exact.where}` | {rounded.loss:.1e} | {rounded.gradient:.1e} | {max(later[1:]):.1e} |"
    )


def in_float64(name: str, folder: Path) -> FirstStep:
    """The first step on both sides in float64, by a copy of this package that says float64 wherever
    its networks say float32; of BatchNorm it takes Keras' own formula, TensorFlow's knows none."""
    copy = folder / "float64" / "tf_happywhale"
    if not copy.is_dir():
        shutil.copytree(ROOT / "tf_happywhale", copy, ignore=shutil.ignore_patterns("__pycache__"))
        for file in copy.glob("models/**/*.py"):
            if file.parent.name == "weights":
                continue  # files are in float32 on both sides
            text = file.read_text(encoding="utf-8").replace("float32", "float64")
            file.write_text(text.replace('backend() != "tensorflow"', "backend()"), "utf-8")
    command = [sys.executable, __file__, "--float64", name]
    path = {**os.environ, "PYTHONPATH": str(copy.parent)}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=path)
    return FirstStep(**json.loads(done.stdout.splitlines()[-1]))


def print_in_float64(name: str) -> None:
    """What `in_float64` reads, in its process."""
    keras.config.set_floatx("float64")
    with tempfile.TemporaryDirectory() as folder:
        pair = original_pair(name, Path(folder))
    kinds = {variable.dtype for variable in pair.ours.variables}
    if kinds != {"float64"}:
        raise SystemExit(f"{name} has variables of {kinds}, not of float64 alone.")
    print(json.dumps(asdict(first_step(pair, in_torch_layout))))


def in_torch_layout(value: np.ndarray, shape: tuple[int, ...], depthwise: bool) -> np.ndarray:
    if value.ndim == 4:
        value = value.transpose(2, 3, 0, 1) if depthwise else value.transpose(3, 2, 0, 1)
    elif value.ndim == 3:
        value = value.transpose(2, 1, 0)
    elif value.ndim == 2:
        value = value.T
    return value.reshape(shape)


BUILD = """
import re, sys, time
import keras, numpy as np, tensorflow as tf
from tf_happywhale.models.pretrained import pretrained_backbone
from tf_happywhale.models.published_models.table import PUBLISHED
tf.constant(0.0) + 1
def megabytes():  # the process's own peak; getrusage would start at its parent's
    status = open("/proc/self/status").read()
    return int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) / 1024
before, start = megabytes(), time.perf_counter()
network = pretrained_backbone(sys.argv[1], sys.argv[2])
seconds = time.perf_counter() - start
weights = sum(int(np.prod(v.shape)) for v in network.weights) * 4 / 2**20
print(f"FOUND {seconds:.1f} {weights:.0f} {megabytes() - before:.0f}")
"""


def measure_build(name: str, folder: Path) -> str:
    """Seconds and memory of building and filling, in a process of its own; median of three."""
    file = checkpoint(random_timm_model(name), folder)
    runs = []
    for _ in range(3):
        command = [sys.executable, "-c", BUILD, name, str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        line = next(part for part in done.stdout.splitlines() if part.startswith("FOUND"))
        runs.append([float(value) for value in line.split()[1:]])
    seconds, weights, grown = np.median(runs, axis=0)
    check(f"{name}: memory over weights", grown / weights, 2.5)
    return f"| {name} | {seconds:.1f} | {weights:.0f} | {grown:.0f} | {grown / weights:.2f} |"


def real_weights() -> str:
    """lite0 with the ImageNet weights of the package, in timm's own network."""
    tensors = read_weights(LITE0.weights["lite0_package"])
    ours = pretrained_backbone("lite0", features=FEATURES)
    found = differences("lite0", ours, timm_model("lite0", tensors), sizes=(160, 107))
    return " | ".join(f"{d.relative:.1e}" for d in found)


def fixtures() -> dict:
    """timm's values for shrunken networks with weights by formula, and all networks' stages."""
    return {
        "networks": {name: shrunken_values(name) for name in tqdm(NETWORKS, desc="fixtures")},
        "architectures": {name: architecture(name) for name in tqdm(VARIANTS, desc="stages")},
    }


def shrunken_values(name: str) -> dict:
    """Maps of one random picture of two sizes, some values of each."""
    changes = SHRUNKEN[name]
    model = shrunken_timm_model(name, changes).eval()
    state = {
        key: torch.from_numpy(formula_tensor(key, value.shape))
        for key, value in model.state_dict().items()
        if not key.endswith(COUNTER)
    }
    model.load_state_dict(state, strict=False)
    mean, std = (np.array(values, np.float32) for values in VARIANTS[name].mean_std)
    maps = {}
    for size in (64, 75):
        picture = np.random.RandomState(size).randint(0, 256, (1, size, size, 3))
        batch = ((picture / np.float32(255) - mean) / std).transpose(0, 3, 1, 2)
        batch = torch.from_numpy(np.ascontiguousarray(batch, np.float32))
        with torch.inference_mode():
            inner = model.forward_intermediates(batch, (3, 4), intermediates_only=True)
            found = dict(zip(FEATURES, [*inner, model.forward_features(batch)], strict=True))
        for feature, value in found.items():
            flat = value.permute(0, 2, 3, 1).numpy()
            places = np.random.RandomState(1).randint(0, flat.size, 48)
            maps[f"{feature}-{size}"] = {
                "shape": list(flat.shape),
                "largest": float(np.abs(flat).max()),
                "places": places.tolist(),
                "values": [float(f"{v:.7g}") for v in flat.ravel()[places]],
            }
    return {"shrunken": changes, "maps": maps}


def shrunken_timm_model(name: str, changes: dict) -> torch.nn.Module:
    from timm.models import efficientnet as makers
    from timm.models.nfnet import NormFreeNet, model_cfgs

    if "nfnet" in name:
        names = {"depths": "depths", "channels": "channels", "stem": "stem_chs"}
        names |= {"group": "group_size", "head": "num_features"}
        own = {names[key]: value for key, value in changes.items()}
        return NormFreeNet(replace(model_cfgs[VARIANTS[name].timm], **own))
    options = {"channel_multiplier": changes.get("width", 1.0)}
    options["depth_multiplier"] = changes.get("depth", 1.0)
    if name == "efficientnetv2_rw_m":
        return makers._gen_efficientnetv2_s(VARIANTS[name].timm, rw=True, **options)
    kinds = {"b": "efficientnet", "lite": "efficientnet_lite", "l": "efficientnet"}
    kind = kinds.get(name.rstrip("0123456789"), f"efficientnet{name}")
    make = getattr(makers, f"_gen_{kind}")
    return make(VARIANTS[name].timm, bn_eps=1e-3, pad_type="same", **options)


def architecture(name: str) -> dict:
    """What tells timm's real network from others: blocks and channels of each stage, channels of
    stem and head, and how it wants pixels normalised."""
    with torch.device("meta"):
        model = timm.create_model(VARIANTS[name].timm)
    blocks = model.stages if "nfnet" in name else model.blocks
    stem = model.stem.conv4 if "nfnet" in name else model.conv_stem
    return {
        "stages": [[len(stage), width(stage[-1])] for stage in blocks],
        "ends": [stem.weight.shape[0], model.num_features],
        "size": model.default_cfg["input_size"][-1],
        "mean_std": [list(model.default_cfg[key]) for key in ("mean", "std")],
    }


def width(block: torch.nn.Module) -> int:
    """Channels that a block puts out."""
    kernels = [m for m in block.modules() if isinstance(m, torch.nn.Conv2d)]
    return getattr(block, "conv3", kernels[-1]).weight.shape[0]


def page(rows: dict[str, list[str]], real: str) -> str:
    """docs/parity.md."""
    columns = [f"{feature}, {size} px" for size in (96, 107) for feature in FEATURES]
    versions = {"PyTorch": torch.__version__, "timm": timm.__version__}
    versions |= {"TensorFlow": tf.__version__, "Keras": keras.__version__}
    return "\n".join(
        [
            "# Our networks beside timm's",
            "",
            "Made by `make parity` with "
            + ", ".join(f"{name} {version}" for name, version in versions.items())
            + f", Python {platform.python_version()}, float32 on a CPU.",
            "",
            "timm's network gets random weights and random BatchNorm statistics, is saved as",
            "`.safetensors` and read by our loader. The figures are the largest absolute",
            "difference of a feature map, relative to its largest value: `stage3` and `stage4` are",
            "timm's `features_only` maps 3 and 4, `final` its `forward_features`.",
            "",
            "| network | our parameters | timm's | " + " | ".join(columns) + " |",
            "|" + "---|" * (3 + len(columns)),
            *rows["maps"],
            "",
            "lite0 with its real ImageNet weights in timm's network (stage3, stage4, final at 160",
            f"px, then at 107 px): {real}.",
            "",
            "## Gradients",
            "",
            "One training step from the same weights: the largest difference of any parameter's",
            "gradient, relative to that gradient's largest value.",
            "",
            "| network | parameters compared | largest difference | where |",
            "|---|---|---|---|",
            *rows["gradients"],
            "",
            "## The preset original, step for step",
            "",
            "Backbone, GeM, BatchNorm, Dense and ArcFace from the same weights and with the same",
            "batches as the original's PyTorch model: the first step's loss, relative, and the",
            "largest difference of any parameter's gradient, relative to that gradient's largest",
            "value or a thousandth of the network's largest, where it is less (a shift that a",
            "later BatchNorm takes away has no gradient). In float64, where the formulas alone",
            "count; and in float32, where such a gradient is rounding on both sides, and so is on",
            "which side of a corner of ReLU6 a pixel lies. Then, in float32, the losses of four",
            "more steps, each side with its own AdamW (epsilon 1e-7 here, 1e-8 there) and the",
            "original's learning rate. lite0 has its ImageNet weights.",
            "",
            "| network | parameters | loss, float64 | gradient, float64 | where | loss, float32 | "
            "gradient, float32 | later losses |",
            "|---|---|---|---|---|---|---|---|",
            *rows["original"],
            "",
            "## Published models",
            "",
            "The model in the package of its publisher (AnyDorsal in pyseter, MiewID in animl;",
            "for MegaDescriptor timm's Swin, for DINOv2 timm's vision transformer) gets random",
            "weights, and BatchNorm statistics of drawn photographs. It is saved as the published",
            "file is, and converted. Of MegaDescriptor the file is a training's, with timm's",
            "older names; that of L at 384 px has today's. Of DINOv2 it is as on timm's hub; that",
            "of B is as its makers have it. Both sides embed drawn photographs out of JPEG files.",
            "The figures are cosine distances of our embedding from theirs: of the networks",
            "alone, with the same squashed pixels; and from the file on, for which each side",
            "decodes, squashes and normalises by itself. The last column is the distance between",
            "their embeddings of the two photographs, which show two animals.",
            "",
            "| model | file | pixels | embedding | "
            + " | ".join(
                f"{width} × {height}: network | from the file on" for width, height in PHOTOGRAPHS
            )
            + " | two photographs |",
            "|" + "---|" * (5 + 2 * len(PHOTOGRAPHS)),
            *rows["published"],
            "",
            "## Building and filling",
            "",
            "Medians of three processes; memory is what the peak grew over the imported process.",
            "",
            "| network | seconds | weights, MiB | memory, MiB | memory / weights |",
            "|---|---|---|---|---|",
            *rows["build"],
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [*NETWORKS, *PUBLISHED]
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="b0 and eca_nfnet_l0 only")
    parser.add_argument("--fixtures", action="store_true", help="also write the tests' values")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the tables' lines here")
    parser.add_argument("--float64", choices=WHOLE, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.float64:
        print_in_float64(args.float64)
        return
    if args.quick:
        args.only = ["b0", "eca_nfnet_l0"]
    chosen = args.only or names
    kinds = ("maps", "gradients", "original", "published", "build")
    rows: dict[str, list[str]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as folder:
        for name in (n for n in NETWORKS if n in chosen):
            rows["maps"].append(compare(name, Path(folder)))
            print(rows["maps"][-1], flush=True)
        for name in (n for n in GRADIENTS if n in chosen):
            rows["gradients"].append(compare_gradients(name, Path(folder)))
            print(rows["gradients"][-1], flush=True)
        for name in (n for n in WHOLE if n in chosen):
            rows["original"].append(compare_whole(name, Path(folder)))
            print(rows["original"][-1], flush=True)
        for name in (n for n in PUBLISHED if n in chosen):
            row, worst = compare_published(name, Path(folder))
            check(f"{name}: cosine distance", worst, 1e-4)
            rows["published"].append(row)
            print(row, flush=True)
        for name in (n for n in BUILT if n in chosen):
            rows["build"].append(measure_build(name, Path(folder)))
            print(rows["build"][-1], flush=True)
    if args.fixtures:
        write_text(FIXTURES, json.dumps(fixtures(), separators=(",", ":")) + "\n")
        for name, values in (("swin", swin_fixtures()), ("vit", vit_fixtures())):
            small = json.dumps(values, separators=(",", ":"))
            write_text(FIXTURES.with_name(f"{name}.json"), small + "\n")
    if args.only is None:
        write_text(ROOT / "docs" / "parity.md", page(rows, real_weights()))
        print("written: docs/parity.md")
    if args.json is not None:
        write_json(args.json, rows)
    if MISSED:
        raise SystemExit("not reached: " + "; ".join(MISSED))


if __name__ == "__main__":
    main()
