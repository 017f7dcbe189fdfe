"""Requests that wait for their photographs to be embedded."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from tf_happywhale.server.matcher.matcher_model import Crops, LoadedModel


@dataclass
class Waiting:
    """A photograph of a request.

    Attributes:
        name: what errors call it.
        file: where it lies until the request is answered.
        request: of which it is a part.
        crops: what the models see, once it is decoded.
        row: its embedding float32 [d], once there is one.
    """

    name: str
    file: Path
    request: Request
    crops: Crops | None = None
    row: np.ndarray | None = None


class Request:
    """Photographs that are answered together.

    Attributes:
        pictures: the photographs.
        rank: whether the gallery is asked who it is; otherwise the embeddings are the answer.
        future: the answer. It is cancelled if nobody waits any more.
        model: which answers; the same for all of its photographs.
    """

    def __init__(self, pictures: Sequence[tuple[str, Path]], *, rank: bool) -> None:
        self.pictures = [Waiting(name, file, self) for name, file in pictures]
        self.rank = rank
        self.future: Future[Any] = Future()
        self.model: LoadedModel | None = None
        self._missing = len(self.pictures)
        self._lock = threading.Lock()

    @property
    def over(self) -> bool:
        """Whether nothing is left to do, since it was cancelled, has failed or is answered."""
        return self.future.done()

    def pin(self, model: LoadedModel) -> LoadedModel:
        """Return the model that answers this request: the first one that was given."""
        with self._lock:
            self.model = self.model or model
            return self.model

    def embedded(self) -> bool:
        """Count one more photograph as embedded; return whether all are."""
        with self._lock:
            self._missing -= 1
            return self._missing == 0

    def answer(self, answer: Any) -> None:
        """Give the answer, unless nobody waits."""
        with suppress(InvalidStateError):
            self.future.set_result(answer)

    def fail(self, error: Exception) -> None:
        """Give an error as the answer, unless there is one or nobody waits."""
        with suppress(InvalidStateError):
            self.future.set_exception(error)
