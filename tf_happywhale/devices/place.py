"""Which of several machines (workers) this one is, by `TF_CONFIG`. It needs no TensorFlow.

`TF_CONFIG` tells each worker the addresses of all and its own place, as TensorFlow defines it:
`{"cluster": {"worker": ["a:1234", "b:1234"]}, "task": {"type": "worker", "index": 0}}`. The first
one is the chief; only the chief writes files that stay.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

from tf_happywhale.errors import ConfigError

EXAMPLE = '{"cluster": {"worker": ["a:1234", "b:1234"]}, "task": {"type": "worker", "index": 0}}'


@dataclass(frozen=True)
class Place:
    """Number of this worker, counted from 0, and of all workers; number 0 is the chief."""

    index: int = 0
    workers: int = 1

    @property
    def chief(self) -> bool:
        return self.index == 0


def place() -> Place:
    """Return what `TF_CONFIG` says; the only worker if it is not set.

    Raises:
        ConfigError: it cannot be read, or contradicts itself.
    """
    text = os.environ.get("TF_CONFIG")
    if not text:
        return Place()
    try:
        config = json.loads(text)
        cluster, task = config.get("cluster", {}), config.get("task", {})
        chiefs, workers = (len(cluster.get(kind, [])) for kind in ("chief", "worker"))
        kind, index = task.get("type", "worker"), int(task.get("index", 0))
    except (ValueError, AttributeError, TypeError):
        raise ConfigError(f"TF_CONFIG cannot be read: write it as {EXAMPLE}.") from None
    if chiefs + workers <= 1:
        return Place()
    number = index + (chiefs if kind == "worker" else 0)
    if kind not in ("chief", "worker") or not 0 <= number < chiefs + workers:
        raise ConfigError(
            f"TF_CONFIG's task is {kind} {index}, which its cluster of {chiefs + workers} does not "
            f"have: write it as {EXAMPLE}."
        )
    return Place(number, chiefs + workers)
