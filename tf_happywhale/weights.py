"""Command: list published weights, or fetch those of a backbone and check them."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

from tf_happywhale.cli import run_safely
from tf_happywhale.commands import AS_MODULE, typed
from tf_happywhale.config.addresses import refuse_address
from tf_happywhale.errors import ConfigError, InputError

EXAMPLES = """examples:
  python -m tf_happywhale.weights list
  python -m tf_happywhale.weights b6_ns
  python -m tf_happywhale.weights nfnet_l2 --to nfnet_l2.keras
  python -m tf_happywhale.weights model.safetensors --backbone v2_l --to v2_l.keras

NAME is a short name (`list` shows them), a timm name such as tf_efficientnet_b6.ns_jft_in1k, the
name of a backbone (for its default weights), hf://OWNER/NAME, or a .safetensors or .h5 file. The
last two need --backbone. If PyTorch and timm are installed, our network is compared with timm's."""


def main(name: str, backbone: str | None, to: str | None) -> None:
    """Fetch weights, check them, and save them as a Keras model if `to` names a file."""
    from tf_happywhale.models.weights.weight_names import backbone_of, list_weights

    if name == "list":
        print("\n".join(list_weights()))
        return
    refuse_address(to or "", "--to")
    if to is not None and not to.endswith(".keras"):
        raise ConfigError(f"--to is {to}, but the file of a Keras model must end in .keras.")
    if to is not None and Path(to).expanduser().exists():
        raise InputError(f"There is a {to} already: remove it, or name another file.")
    with_timm = bool(find_spec("torch") and find_spec("timm"))
    if with_timm:
        # Before TensorFlow: both bring an LLVM, and PyTorch's compiler crashes as the second.
        import torch._dynamo  # noqa: F401
    from tf_happywhale.models.weights.check_weights import check_published

    check_published(*backbone_of(name, backbone), Path(to).expanduser() if to else None, with_timm)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog=typed(f"{AS_MODULE}weights"),
        description="List published weights, or fetch those of a backbone and check them.",
        epilog=typed(EXAMPLES),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", metavar="NAME", help="which weights; `list` shows the short names")
    parser.add_argument("--backbone", metavar="NAME", help="the network that a file belongs to")
    parser.add_argument("--to", metavar="FILE", help="save the Keras model as FILE.keras")
    arguments = parser.parse_args()
    run_safely(lambda: main(arguments.name, arguments.backbone, arguments.to))
