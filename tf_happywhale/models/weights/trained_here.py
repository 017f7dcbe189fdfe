"""Weights of a model that was trained here, for the backbone, pooling and neck of another one.

A `.keras` file contains a `.weights.h5`. There the variables of each layer are in a group with the
name of the layer, so they are read by name.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np

from tf_happywhale.errors import ConfigError, InputError

EMBEDDER = "embedder"  # the name of the network whose weights are used, in each file
Layers = dict[tuple[str, ...], list[np.ndarray]]


def read_own(path: Path) -> tuple[Layers, list[str]]:
    """Return the arrays of each layer inside the embedder, in Keras' order; and the names of the
    layers outside it, which are heads. A layer of the backbone is (backbone, layer).

    Raises:
        InputError: the file is damaged, or another program wrote it.
    """
    import h5py

    embedder: Layers = {}
    outside: dict[str, None] = {}
    try:
        if path.name.endswith(".keras"):
            with zipfile.ZipFile(path) as archive, archive.open("model.weights.h5") as inner:
                found = _read(h5py.File(inner, "r"))
        else:
            found = _read(h5py.File(path, "r"))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:80]
        raise InputError(
            f"{path} cannot be read as weights of this package ({reason}): name a run folder or "
            "another file with model.weights."
        ) from None
    for names, arrays in found.items():
        if EMBEDDER in names:
            inner_names = names[len(names) - names[::-1].index(EMBEDDER) :]
            embedder[inner_names] = arrays
        elif arrays:
            outside[names[-1]] = None
    if not embedder:
        raise InputError(
            f"{path} holds no network named {EMBEDDER}, as every model of this package does: name "
            "a run folder or another file with model.weights."
        )
    return embedder, list(outside)


def _read(file) -> Layers:
    """Return arrays by the names of the models and the layer that contain them."""
    with file:
        groups: dict[str, tuple[str, list[np.ndarray]]] = {}

        def visit(place: str, found) -> None:
            if place.rpartition("/")[2] == "vars" and "name" in found.attrs:
                numbers = sorted(found, key=int)
                arrays = [np.asarray(found[number]) for number in numbers]
                groups[place.rpartition("/")[0]] = (str(found.attrs["name"]), arrays)

        file.visititems(visit)
    named = {place: name for place, (name, _) in groups.items()}
    return {_names(place, named): arrays for place, (_, arrays) in groups.items()}


def _names(place: str, named: dict[str, str]) -> tuple[str, ...]:
    """Return the names of the models around a place, outermost first, and its own name."""
    parts = place.split("/") if place else []
    around = ["/".join(parts[:count]) for count in range(len(parts) + 1)]
    return tuple(named[each] for each in around if each in named)


def fill_backbone(network: keras.Model, path: Path) -> None:
    """Set all variables of a backbone from a file of this package.

    Raises:
        ConfigError: the file is of another backbone, or of one with other layers.
        InputError: the file is damaged, or another program wrote it.
    """
    layers, _ = read_own(path)
    names = sorted({names[0] for names in layers if len(names) > 1})
    if network.name not in names:
        there = names[0] if names else "another network"
        raise ConfigError(
            f"{path} is a model of {there}, and model.backbone is {network.name}: set "
            f"model.backbone={there}, or other model.weights."
        )
    for layer in network.layers:
        if layer.weights and not _fits(layer, layers.get((network.name, layer.name))):
            raise ConfigError(
                f"{path} is a model of {network.name} whose layer {layer.name} is missing or "
                "different: give both the same model.pooling, or set other model.weights."
            )
    for layer in network.layers:
        if layer.weights:
            _set(layer, layers[network.name, layer.name], path)


def fill_neck(embedder: keras.Model, path: Path) -> None:
    """Set the layers behind the backbone from a file of this package where the shapes are the same.
    Print what was used, and what was not.

    Raises:
        InputError: the file is damaged, or another program wrote it.
    """
    layers, heads = read_own(path)
    taken, fresh, known = [], [], set()
    for layer in _behind(embedder):
        arrays = layers.get((layer.name,))
        known.add(layer.name)
        if _fits(layer, arrays):
            _set(layer, arrays, path)
            taken.append(layer.name)
        else:
            fresh.append(layer.name)
    networks = [layer.name for layer in embedder.layers if isinstance(layer, keras.Model)]
    others = [names[0] for names, arrays in layers.items() if len(names) == 1 and arrays]
    left = [name for name in others if name not in taken]
    said = f"weights from {path}: {', '.join([*networks, *taken])} taken"
    if fresh:
        said += f"; {', '.join(fresh)} new, since the file has none of that name and shape"
    print(f"{said}; the head is new; not taken: {', '.join([*left, *heads]) or 'nothing'}")


def _behind(embedder: keras.Model) -> Iterator[keras.Layer]:
    """Yield the layers with variables outside the backbone: pooling and neck."""
    for layer in embedder.layers:
        if layer.weights and not isinstance(layer, keras.Model):
            yield layer


def _fits(layer: keras.Layer, arrays: list[np.ndarray] | None) -> bool:
    own: dict[str, np.ndarray] = {}
    layer.save_own_variables(own)
    shapes = [tuple(value.shape) for value in own.values()]
    return arrays is not None and shapes == [array.shape for array in arrays]


def _set(layer: keras.Layer, arrays: list[np.ndarray], path: Path) -> None:
    if not all(np.isfinite(array).all() for array in arrays):
        raise InputError(f"{path} is damaged: {layer.name} is not finite. Name another file.")
    layer.load_own_variables({str(n): array for n, array in enumerate(arrays)})
