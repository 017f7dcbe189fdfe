"""The matcher: it embeds photographs of all requests in common batches, and asks the gallery."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tf_happywhale.cores import usable_cores
from tf_happywhale.errors import InputError
from tf_happywhale.server.home.gallery_stamp import stamp_of
from tf_happywhale.server.matcher.matcher_loading import Loading, NotReady
from tf_happywhale.server.matcher.matcher_requests import Request, Waiting

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

    from tf_happywhale.server.matcher.matcher_model import LoadedModel

MOST = 256  # photographs that wait
LINGER = 0.004  # seconds for which a batch waits for photographs that are being decoded
PATIENCE = 30.0  # seconds for the model to be loaded; clients wait as long, about
ANIMAL = "animal {}"
FULL = f"{MOST} photographs wait already: try again in a moment."
STOPPING = "The server is being stopped."


class Matcher:
    """Answers requests. Nothing is kept of their photographs.

    Photographs are decoded on a few threads. One thread embeds what is decoded, whichever requests
    it is of, and never waits for a full batch. Another one asks the gallery.

    Args:
        loading: gives the model and the gallery, when they are needed.
        most: photographs that may wait; further ones are refused.
    """

    def __init__(self, loading: Loading, most: int = MOST) -> None:
        self.loading, self.most = loading, most
        self._decoders = ThreadPoolExecutor(usable_cores(), "decode")
        self._rankers = ThreadPoolExecutor(1, "rank")
        self._decoded: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = self._decoding = 0
        self._stopped = False
        self._embedder: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """Photographs that are not embedded yet."""
        return self._waiting

    def ask(self, pictures: Sequence[tuple[str, Path]], *, rank: bool) -> Future:
        """Return the answer that will come: candidates (`Rated`) of the animal that all of the
        photographs show; or without `rank` the model's name and each photograph's
        embedding [d].

        Args:
            pictures: what errors call each photograph, and its file, which stays until the answer.
            rank: see above.

        Raises:
            NotReady: too many photographs wait, or the server is being stopped.
        """
        request = Request(pictures, rank=rank)
        with self._lock:
            if self._stopped:
                raise NotReady(STOPPING)
            if self._waiting + len(pictures) > self.most:
                raise NotReady(FULL)
            self._waiting += len(pictures)
            self._decoding += len(pictures)
            if self._embedder is None:
                self._embedder = threading.Thread(target=self._embed_all, daemon=True)
                self._embedder.start()
        for picture in request.pictures:
            self._decoders.submit(self._decode, picture)
        return request.future

    def stop(self) -> None:
        """Refuse further requests, and end the threads."""
        with self._lock:
            self._stopped = True
        self._decoders.shutdown(wait=False, cancel_futures=True)
        self._rankers.shutdown(wait=False, cancel_futures=True)
        self._decoded.put(None)

    def _decode(self, picture: Waiting) -> None:
        request = picture.request
        try:
            if not request.over:
                model = request.pin(self.loading.get(PATIENCE))
                picture.crops = model.crops(picture.file, picture.name)
        except (InputError, NotReady) as error:
            request.fail(error)
        except Exception as error:  # such as too little memory
            request.fail(NotReady(f"{picture.name} could not be read ({type(error).__name__})."))
        finally:
            with self._lock:
                self._decoding -= 1
            self._decoded.put(picture)

    def _embed_all(self) -> None:
        most = 1
        while batch := self._next_batch(most):
            alive = [one for one in batch if one.crops is not None and not one.request.over]
            for model in {id(one.request.model): one.request.model for one in alive}.values():
                most = model.most
                self._embed(model, [one for one in alive if one.request.model is model])
            for one in batch:
                one.crops = None
            with self._lock:
                self._waiting -= len(batch)

    def _next_batch(self, most: int) -> list[Waiting]:
        """Return decoded photographs, one at least; none when the matcher is stopped."""
        first = self._decoded.get()
        batch, until = [first], time.monotonic() + LINGER
        while batch[-1] is not None and len(batch) < most:
            left = until - time.monotonic() if self._decoding else 0
            try:
                batch.append(self._decoded.get(left > 0, left if left > 0 else None))
            except queue.Empty:
                break
        if batch[-1] is None:
            self._decoded.put(None)
        return [one for one in batch if one is not None]

    def _embed(self, model: LoadedModel, pictures: Sequence[Waiting]) -> None:
        try:
            rows = model.embed([one.crops for one in pictures])
        except Exception as error:  # the requests are answered, and the thread goes on
            for one in pictures:
                one.request.fail(NotReady(f"Embedding failed ({type(error).__name__})."))
            return
        whole = []
        for one, row in zip(pictures, rows, strict=True):
            one.row = row
            if one.request.embedded():
                whole.append(one.request)
        for request in whole:
            if not request.rank:
                request.answer((model.name, [one.row for one in request.pictures]))
        if asked := [request for request in whole if request.rank]:
            self._rankers.submit(_rank, model, asked)


def _rank(model: LoadedModel, requests: Sequence[Request]) -> None:
    """Answer requests whose photographs are all embedded; those of one show one animal."""
    import numpy as np  # not when the server starts

    rows = [one.row for request in requests for one in request.pictures]
    animals = [ANIMAL.format(n) for n, one in enumerate(requests) for _ in one.pictures]
    try:
        with _blas().limit(limits=1, user_api="blas"):
            found = model.gallery.rate(np.stack(rows), animals)
        for n, request in enumerate(requests):
            request.answer(found[ANIMAL.format(n)])
    except Exception as error:
        for request in requests:
            request.fail(NotReady(f"The gallery cannot be asked ({type(error).__name__})."))


@cache
def _blas() -> ThreadpoolController:
    """Return what limits the threads of matrix products. They wait for each other in a loop, and
    would take the cores from the network that embeds meanwhile."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def matcher_of(gallery: Path, settings: Sequence[str] = ()) -> Matcher:
    """Return the matcher of a gallery folder, which may not be there yet.

    Args:
        gallery: the folder.
        settings: `key=value` of the config, such as where models are kept.
    """

    def load(before: LoadedModel | None) -> LoadedModel:
        from tf_happywhale.backend import set_backend

        set_backend("auto")  # before Keras is imported
        from tf_happywhale.server.matcher.matcher_model import load_model

        return load_model(gallery, settings, before)

    return Matcher(Loading(lambda: stamp_of(gallery), load))
