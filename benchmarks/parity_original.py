"""The preset original beside the original's PyTorch model, step for step: part of `make parity`.

timm's network without its pool, GeM, BatchNorm, Linear and ArcFace get the same weights here and
there, and the same batches: the first step's loss and the gradient of every parameter are compared,
then the losses of five steps, each side with its own AdamW and the original's learning rate.
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
from original_torch import ArcFace, GeM
from torch import nn
from torch.nn import functional as F

from tf_happywhale.config import Model, Train
from tf_happywhale.models.backbones.variants import VARIANTS
from tf_happywhale.models.classifier import build_classifier
from tf_happywhale.models.embedder import build_embedder
from tf_happywhale.models.weights.fill_network import tensor_name
from tf_happywhale.training.schedule import ORIGINAL_PERIOD, learning_rate
from tf_happywhale.training.update.learner import Learner
from tf_happywhale.training.update.loss import Loss
from tf_happywhale.training.update.optimizer import Optimizers
from tf_happywhale.training.update.tensorflow_step import make_step

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
class FirstStep:
    """How far the two sides are apart before either has learned."""

    loss: float  # relative
    gradient: float  # largest difference, relative to the same gradient (see `worst_gradient`)
    where: str  # the parameter with that gradient
    parameters: int  # compared


@dataclass(frozen=True)
class Pair:
    """The preset original twice, with the same weights."""

    name: str  # of the backbone
    theirs: nn.Module
    ours: keras.Model


class Original(nn.Module):
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


def make_pair(name: str, backbone: nn.Module, weights: str) -> Pair:
    """Both sides, in Keras' float type.

    Args:
        name: of the backbone.
        backbone: timm's network.
        weights: the same as a file that `model.weights` may name.
    """
    settings = Model(backbone=name, weights=weights)
    torch.manual_seed(1)
    theirs = Original(backbone, settings.embedding_size).train()
    theirs = theirs.to(getattr(torch, keras.config.floatx()))
    ours = build_classifier(build_embedder(settings), settings, [1] * CLASSES)
    state = {key: value.detach().numpy() for key, value in theirs.named_parameters()}
    for layer, variable in owned(ours):
        key = LAYERS.get((layer, variable.name))
        if key:
            value = state[key].T if variable.name == "kernel" else state[key]
            variable.assign(value)
    return Pair(name, theirs, ours)


def batches() -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 [steps, n, h, w, 3] and targets int [steps, n]."""
    rng = np.random.default_rng(5)
    pictures = rng.integers(0, 256, (STEPS, BATCH, SIZE, SIZE, 3), dtype=np.uint8)
    return pictures, rng.integers(0, CLASSES, (STEPS, BATCH))


def first_step(pair: Pair, layout: Layout) -> FirstStep:
    """Loss and gradients of the first batch; nothing is learned.

    Args:
        pair: the two sides.
        layout: our array in PyTorch's layout, from its shape and whether it is depthwise.
    """
    pictures, targets = (each[0] for each in batches())
    loss = their_loss(pair, pictures, targets)
    loss.backward()
    expected = {
        key: value.grad.numpy().copy()
        for key, value in pair.theirs.named_parameters()
        if value.grad is not None
    }
    pair.theirs.zero_grad()
    variables = owned(pair.ours)
    # As a step is taken: BatchNorms by the batch. Their averages, which move, are not compared.
    with tf.GradientTape() as tape:
        own = tf.reduce_mean(Loss().each(pair.ours, tf.constant(pictures), tf.constant(targets)))
    gradients = tape.gradient(own, [variable.value for _, variable in variables])
    apart = abs(float(own) - loss.item()) / abs(loss.item())
    compared = len(expected)
    return FirstStep(apart, *worst_gradient(variables, gradients, expected, layout), compared)


def steps_apart(pair: Pair) -> list[float]:
    """Relative differences of the losses of five steps, each side learning by itself."""
    train = Train(batch_size=BATCH, schedule="original")
    optimizer = torch.optim.AdamW(
        pair.theirs.parameters(), lr=train.learning_rate, weight_decay=train.weight_decay
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, T_max=ORIGINAL_PERIOD, eta_min=train.min_learning_rate
    )
    learner = Learner(pair.ours, Optimizers(pair.ours, train))
    step = make_step(tf.distribute.get_strategy(), learner, train, Loss())
    losses = []
    for number, (pictures, targets) in enumerate(zip(*batches(), strict=True)):
        loss = their_loss(pair, pictures, targets)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(pair.theirs.parameters(), train.clip_norm)
        optimizer.step()
        schedule.step()
        rate = learning_rate(train, number, STEPS)
        own = step(number, tf.constant(pictures), tf.constant(targets), rate)
        losses.append(abs(own - loss.item()) / abs(loss.item()))
    return losses


def their_loss(pair: Pair, pictures: np.ndarray, targets: np.ndarray) -> torch.Tensor:
    target = torch.from_numpy(targets)
    return F.cross_entropy(pair.theirs(normalised(pair.name, pictures), target), target)


def normalised(name: str, pictures: np.ndarray) -> torch.Tensor:
    """Pictures as timm's network wants them, by factors that both sides round to float32."""
    mean, std = (np.array(values) for values in VARIANTS[name].mean_std)
    factor, offset = (np.float32(values) for values in (1 / (255 * std), -mean / std))
    kind = keras.config.floatx()
    scaled = pictures.astype(kind) * factor.astype(kind) + offset.astype(kind)
    return torch.from_numpy(np.ascontiguousarray(scaled.transpose(0, 3, 1, 2)))


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
    variables: list[tuple[str, keras.Variable]],
    gradients: list[tf.Tensor],
    expected: dict[str, np.ndarray],
    layout: Layout,
) -> tuple[float, str]:
    """The largest difference of a parameter's gradient, relative to that gradient, and whose.

    A shift that a later BatchNorm takes away again has no gradient but rounding, so that no
    gradient counts as smaller than a thousandth of the network's largest.

    Raises:
        SystemExit: one side has a parameter that the other has not.
    """
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
