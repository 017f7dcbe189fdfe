"""Small networks with random weights, by the published names and in PyTorch's layout."""

from __future__ import annotations

import numpy as np

WIDTH, LAYERS = 32, 5


def lightglue(seed: int = 0) -> dict[str, np.ndarray]:
    """A LightGlue of five layers and 32 numbers a point."""
    random = np.random.RandomState(seed)
    weights: dict[str, np.ndarray] = {}

    def linear(name: str, into: int, out: int, scale: float = 1.0) -> None:
        kernel = random.randn(out, into) * scale / np.sqrt(into)
        weights[f"{name}.weight"] = kernel.astype(np.float32)
        weights[f"{name}.bias"] = random.randn(out).astype(np.float32) / 4

    def behind(name: str, out: str) -> None:
        linear(f"{name}.{out}", WIDTH, WIDTH)
        linear(f"{name}.ffn.0", 2 * WIDTH, 2 * WIDTH)
        weights[f"{name}.ffn.1.weight"] = random.rand(2 * WIDTH).astype(np.float32) + 0.5
        weights[f"{name}.ffn.1.bias"] = random.randn(2 * WIDTH).astype(np.float32) / 4
        linear(f"{name}.ffn.3", 2 * WIDTH, WIDTH)

    linear("input_proj", 128, WIDTH)
    weights["posenc.Wr.weight"] = random.randn(WIDTH // 8, 2).astype(np.float32)
    for layer in range(LAYERS):
        linear(f"transformers.{layer}.self_attn.Wqkv", WIDTH, 3 * WIDTH, 2)
        behind(f"transformers.{layer}.self_attn", "out_proj")
        linear(f"transformers.{layer}.cross_attn.to_qk", WIDTH, WIDTH, 2)
        linear(f"transformers.{layer}.cross_attn.to_v", WIDTH, WIDTH)
        behind(f"transformers.{layer}.cross_attn", "to_out")
        linear(f"log_assignment.{layer}.final_proj", WIDTH, WIDTH, 3)
        linear(f"log_assignment.{layer}.matchability", WIDTH, 1)
    return weights
