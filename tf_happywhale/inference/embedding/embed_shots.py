"""Embeddings of shots by one model. Each picture is embedded once, and kept by its content."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import numpy as np
from tqdm import tqdm

from tf_happywhale.cores import usable_cores
from tf_happywhale.disk.hashes import MISSING
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.embedding_cache import EmbeddingCache
from tf_happywhale.inference.embedding.shots import Shot, read_shot
from tf_happywhale.inference.which_model.embedded_crops import mean_of_crops
from tf_happywhale.inference.which_model.trained_models import TrainedModel
from tf_happywhale.pictures.pixels import read_file

KEPT = 2048  # pictures between two writes to the cache


def embed_shots(
    model: TrainedModel, shots: Sequence[Shot], cache: EmbeddingCache, batch_size: int, label: str
) -> dict[str, str]:
    """Embed the shots that the cache lacks. Afterwards it holds every shot that can be read.

    The model is loaded only if there is something to embed.

    Args:
        model: embeds.
        shots: animals in photographs; equal crops are embedded once.
        cache: the model's.
        batch_size: pictures in each step.
        label: the text of the progress bar.

    Returns:
        Why a shot could not be read, by image.
    """
    closed = {shot.image: _why_closed(shot) for shot in shots if shot.content == MISSING}
    keys = {shot.image: shot.key(model) for shot in shots if shot.image not in closed}
    missing: dict[str, Shot] = {}
    for shot in shots:
        if shot.image not in closed and keys[shot.image] not in cache:
            missing.setdefault(keys[shot.image], shot)
    if not missing:
        return closed
    reasons = _embed_missing(model, list(missing.values()), cache, batch_size, label)
    failed = {
        image: reasons[key]
        if image == missing[key].image
        else f"The same file as {missing[key].image}: {reasons[key]}"
        for image, key in keys.items()
        if key in reasons
    }
    return closed | failed


def _embed_missing(
    model: TrainedModel, shots: list[Shot], cache: EmbeddingCache, batch_size: int, label: str
) -> dict[str, str]:
    """Embed shots into the cache, and return why some could not be read, by their key."""
    forward, reasons = model.load(), {}
    waiting: list[tuple] = []  # (keys, embeddings, facts) of each batch
    with tqdm(total=len(shots), desc=label, unit="img", leave=False) as progress:
        for batch in _batches(model, shots, batch_size):
            good = []
            for shot, found in batch:
                if isinstance(found, InputError):
                    reasons[shot.key(model)] = str(found)
                else:
                    good.append((shot.key(model), *found))
            if good:
                keys, crops, facts = zip(*good, strict=True)
                waiting.append((keys, _embed(forward, np.stack(crops), batch_size), facts))
            progress.update(len(batch))
            if sum(len(keys) for keys, *_ in waiting) >= KEPT:
                _keep(waiting, cache)
                waiting = []
    if waiting:
        _keep(waiting, cache)
    return reasons


def _keep(batches: Sequence[tuple], cache: EmbeddingCache) -> None:
    keys, rows, facts = zip(*batches, strict=True)
    every = list(chain(*facts))
    columns = {name: [fact[name] for fact in every] for name in every[0]}
    cache.add(list(chain(*keys)), np.concatenate(rows), columns)


def _why_closed(shot: Shot) -> str:
    """Return why a photograph whose bytes could not be hashed is left out. It is neither looked up
    nor kept, since all such photographs would have one key."""
    try:
        read_file(shot.path)
    except InputError as error:
        return str(error)
    return f"{shot.path} could not be read at first: run the command again."


def _batches(model: TrainedModel, shots: list[Shot], size: int) -> Iterator[list]:
    """Yield batches of (shot, what `read_shot` returns or its InputError). The next batch is read
    meanwhile."""

    def read(shot: Shot):
        try:
            return shot, read_shot(shot, model)
        except InputError as error:
            return shot, error

    starts = deque(range(0, len(shots), size))
    with ThreadPoolExecutor(usable_cores()) as workers:
        waiting: deque = deque()
        while starts or waiting:
            while starts and len(waiting) < 2:
                first = starts.popleft()
                waiting.append([workers.submit(read, shot) for shot in shots[first : first + size]])
            yield [future.result() for future in waiting.popleft()]


def _embed(
    forward: Callable[[np.ndarray], np.ndarray], crops: np.ndarray, batch_size: int
) -> np.ndarray:
    """Return embeddings [n, d] of crops [n, sources, s, s, 3].

    Every step has `batch_size` pictures, so that the model is traced once.
    """
    each = []
    for source in range(crops.shape[1]):
        pictures = crops[:, source]
        filled = np.pad(pictures, [(0, batch_size - len(pictures)), (0, 0), (0, 0), (0, 0)])
        each.append(forward(filled)[: len(pictures)].astype(np.float32))
    return mean_of_crops(each)
