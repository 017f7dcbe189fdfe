"""Command: fetch a backbone's published weights, convert them to Keras, and prove them."""

from __future__ import annotations

import argparse
import os
from importlib.util import find_spec
from pathlib import Path

from tf_happywhale.cli import run_safely

EXAMPLES = """examples:
  python -m tf_happywhale.weights list
  python -m tf_happywhale.weights b6_ns
  python -m tf_happywhale.weights nfnet_l2 --to nfnet_l2.keras
  python -m tf_happywhale.weights model.safetensors --backbone v2_l --to v2_l.keras

NAME is a short name (`list` shows them), a timm name such as tf_efficientnet_b6.ns_jft_in1k, a
backbone's name for its first weights, hf://OWNER/NAME, or a .safetensors or .h5 file. The last two
need --backbone. Where PyTorch and timm are installed, timm's own model is run beside ours."""


def main(name: str, backbone: str | None, to: Path | None) -> None:
    """Load, check, print what was found, and save where asked to."""
    from tf_happywhale.errors import ConfigError

    if to is not None and to.suffix != ".keras":
        raise ConfigError(f"--to is {to}, but a Keras model's file must end in .keras.")
    reference = bool(find_spec("torch") and find_spec("timm"))
    if reference:
        # Before TensorFlow: both bring an LLVM, and PyTorch's compiler crashes as the second.
        import torch._dynamo  # noqa: F401
    import numpy as np

    from tf_happywhale.disk.files import atomic_write
    from tf_happywhale.models.pretrained import pretrained_backbone
    from tf_happywhale.models.weights.weight_names import find_weights

    backbone, weights = resolve(name, backbone)
    address = find_weights(backbone, weights)
    if address is None:
        raise ConfigError("none stands for random weights: name some that are published.")
    network = pretrained_backbone(backbone, weights)
    picture = np.random.default_rng(0).integers(0, 256, (1, 96, 96, 3), dtype=np.uint8)
    features = np.asarray(network(picture))
    print(
        f"{backbone}: {network.count_params():,} parameters; a random picture of 96 px gives a map "
        f"of {features.shape[1:]}, mean {features.mean():.4f}, "
        f"standard deviation {features.std():.4f}"
    )
    if reference:
        from tf_happywhale.models.weights.parity import compare_with_timm

        for line in compare_with_timm(backbone, address):
            print(line)
    else:
        print("parity with timm: not run (PyTorch and timm are not installed)")
    if to is not None:
        with atomic_write(to) as temporary:
            network.save(temporary)
        print(f"written: {to}")


def resolve(name: str, backbone: str | None) -> tuple[str, str]:
    """The backbone and the weights that a name means."""
    from tf_happywhale.errors import ConfigError, nearest
    from tf_happywhale.models.backbones.variants import VARIANTS
    from tf_happywhale.models.weights.weight_names import HUB, short_names

    if backbone is not None:
        return backbone, name
    shorts = short_names()
    if name in VARIANTS:
        return name, "default"
    if name in shorts:
        return shorts[name], name
    architecture = name.removeprefix(f"{HUB}timm/").partition(".")[0]
    for owner, variant in VARIANTS.items():
        if variant.timm == architecture or name in variant.weights.values():
            return owner, name
    if name.startswith(HUB) or name.endswith((".safetensors", ".h5")):
        raise ConfigError(f"Which network {name} is of has to be said: add --backbone NAME.")
    raise ConfigError(f"There are no weights {name!r}: {nearest(name, [*shorts, *VARIANTS])}.")


def place(to: str | None) -> Path | None:
    """Where the Keras model is saved; ConfigError for an address."""
    from tf_happywhale.config.addresses import refuse_address

    refuse_address(to or "", "--to")
    return Path(to) if to else None


def show() -> None:
    """Print every short name with its backbone and address."""
    from tf_happywhale.models.backbones.variants import VARIANTS

    for backbone, variant in VARIANTS.items():
        for short, address in variant.weights.items():
            print(f"{short:18} {backbone:20} {address}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m tf_happywhale.weights",
        description="Fetch a backbone's published weights, convert them to Keras, and prove them.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", metavar="NAME", help="which weights; `list` shows the short names")
    parser.add_argument("--backbone", metavar="NAME", help="the network a file's weights are of")
    parser.add_argument("--to", metavar="FILE", help="save the Keras model, FILE.keras")
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if arguments.name == "list":
        run_safely(show)
    run_safely(lambda: main(arguments.name, arguments.backbone, place(arguments.to)))
