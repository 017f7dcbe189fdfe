"""The preset seed beside the original's PyTorch model, step for step: part of `make parity`.

timm's network without its pool, GeM, BatchNorm, Linear and ArcFace get the same weights here and
there, and the same batches: the first step's loss and the gradient of every parameter are compared,
then the losses of further steps, each side with its own AdamW and the original's learning rate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# Before TensorFlow: both bring an LLVM, and PyTorch's compiler crashes when it comes second.
import torch._dynamo  # isort: skip

import keras
import numpy as np
import tensorflow as tf
import torch
from seed_torch import ArcFace, GeM
from torch import nn
from torch.nn import functional as F

from tf_happywhale.config import Model, Train
from tf_happywhale.models.backbones.variants import VARIANTS
from tf_happywhale.models.classifier import build_classifier
from tf_happywhale.models.embedder import build_embedder
from tf_happywhale.models.weights.fill import tensor_name
from tf_happywhale.training.loss import Loss
from tf_happywhale.training.optimizer import Optimizers
from tf_happywhale.training.schedule import SEED_PERIOD, learning_rate
from tf_happywhale.training.step import make_step

BATCH, SIZE, CLASSES, STEPS = 8, 96, 40, 5
LAYERS = {  # ours by theirs, behind the backbone
    ("gem", "p"): "pool.p",
    ("neck", "gamma"): "neck.0.weight",
    ("neck", "beta"): "neck.0.bias",
    ("embedding", "kernel"): "neck.1.weight",
    ("embedding", "bias"): "neck.1.bias",
    ("arcface", "centre"): "head.weight",
}
Layout = Callable[[np.ndarray, tuple[int, ...], bool], np.ndarray]


@dataclass(frozen=True)
class Agreement:
    """How far the two sides are apart."""

    loss: float  # of the first step, relative
    gradient: float  # largest difference, relative to the same gradient (see `worst_gradient`)
    where: str  # the parameter with that gradient
    parameters: int  # compared
    later: float  # largest relative difference of the further steps' losses


class Seed(nn.Module):
    """The original's network: pictures normalised [n, 3, h, w] and target to logits."""

    def __init__(self, backbone: nn.Module, dimensions: int) -> None:
        super().__init__()
        channels = backbone.num_features
        self.backbone, self.pool = backbone, GeM()
        self.neck = nn.Sequential(nn.BatchNorm1d(channels), nn.Linear(channels, dimensions))
        self.head = ArcFace(dimensions, CLASSES)

    def forward(self, pictures: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        pooled = self.pool(self.backbone.forward_features(pictures))
        return self.head(self.neck(pooled), target)


def compare_seed(name: str, backbone: nn.Module, weights: str, layout: Layout) -> Agreement:
    """Both sides from one start.

    Args:
        name: of the backbone.
        backbone: timm's network.
        weights: the same as a file that `model.weights` may name.
        layout: our array in PyTorch's layout, from its shape and whether it is depthwise.
    """
    settings = Model(backbone=name, weights=weights)
    torch.manual_seed(1)
    theirs = Seed(backbone, settings.embedding_size).train()
    embedder = build_embedder(settings)
    classifier = build_classifier(embedder, settings, [1] * CLASSES)
    state = {key: value.detach().numpy() for key, value in theirs.named_parameters()}
    for layer, variable in owned(classifier):
        key = LAYERS.get((layer, variable.name))
        if key:
            value = state[key].T if variable.name == "kernel" else state[key]
            variable.assign(value)
    rng = np.random.default_rng(5)
    pictures = rng.integers(0, 256, (STEPS, BATCH, SIZE, SIZE, 3), dtype=np.uint8)
    targets = rng.integers(0, CLASSES, (STEPS, BATCH))
    train = Train(batch_size=BATCH, schedule="seed")
    optimizer = torch.optim.AdamW(
        theirs.parameters(), lr=train.learning_rate, weight_decay=train.weight_decay
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, T_max=SEED_PERIOD, eta_min=train.min_learning_rate
    )
    optimizers = Optimizers(classifier, train)
    step = make_step(tf.distribute.get_strategy(), classifier, optimizers, train, Loss())
    losses, worst, where = [], 0.0, ""
    for number in range(STEPS):
        loss = F.cross_entropy(
            theirs(normalised(name, pictures[number]), torch.from_numpy(targets[number])),
            torch.from_numpy(targets[number]),
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if number == 0:
            expected = {key: value.grad.numpy().copy() for key, value in theirs.named_parameters()
                        if value.grad is not None}  # fmt: skip
            compared = len(expected)
            worst, where = worst_gradient(classifier, pictures[0], targets[0], expected, layout)
        nn.utils.clip_grad_norm_(theirs.parameters(), train.clip_norm)
        optimizer.step()
        schedule.step()
        rate = learning_rate(train, number, STEPS)
        own = step(number, tf.constant(pictures[number]), tf.constant(targets[number]), rate)
        losses.append(abs(own - loss.item()) / abs(loss.item()))
    return Agreement(losses[0], worst, where, compared, max(losses[1:]))


def normalised(name: str, pictures: np.ndarray) -> torch.Tensor:
    """Pictures as timm's network wants them."""
    mean, std = (np.array(values, np.float32) for values in VARIANTS[name].mean_std)
    scaled = ((pictures / np.float32(255) - mean) / std).transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(scaled))


def owned(classifier: keras.Model) -> list[tuple[str, keras.Variable]]:
    """Every trainable variable with its layer's name, in the classifier's order."""
    found = {}

    def walk(model: keras.Model) -> None:
        for layer in model.layers:
            if isinstance(layer, keras.Model):
                walk(layer)
            else:
                found.update({id(v): layer.name for v in layer.trainable_variables})

    walk(classifier)
    return [(found[id(v)], v) for v in classifier.trainable_variables]


def worst_gradient(
    classifier: keras.Model,
    pictures: np.ndarray,
    targets: np.ndarray,
    expected: dict[str, np.ndarray],
    layout: Layout,
) -> tuple[float, str]:
    """The largest difference of a parameter's gradient, relative to that gradient, and whose.

    A shift that a later BatchNorm takes away again has no gradient but rounding, so that no
    gradient counts as smaller than a thousandth of the network's largest.

    Raises:
        SystemExit: one side has a parameter that the other has not.
    """
    variables = owned(classifier)
    # As a step is taken: BatchNorms by the batch. Their averages, which move, are not compared.
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(Loss().each(classifier, tf.constant(pictures), tf.constant(targets)))
    gradients = tape.gradient(loss, [variable.value for _, variable in variables])
    least = 1e-3 * max(float(np.abs(its).max()) for its in expected.values())
    worst, where = 0.0, ""
    for (layer, variable), gradient in zip(variables, gradients, strict=True):
        key = LAYERS.get((layer, variable.name))
        key = key or f"backbone.{tensor_name(layer, variable.name)}"
        its = expected.pop(key)
        mine = gradient.numpy()
        if key != "head.weight":  # a centre a row on both sides
            mine = layout(mine, its.shape, "conv_dw" in key)
        difference = float(np.abs(mine - its).max() / max(np.abs(its).max(), least))
        if not difference <= worst:  # NaN too
            worst, where = difference, key
    if expected:
        raise SystemExit(f"PyTorch has gradients that ours has not: {list(expected)[:3]}")
    return worst, where
