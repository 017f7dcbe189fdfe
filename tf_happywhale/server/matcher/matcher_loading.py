"""Loading the model and the gallery in the background, and again when the gallery has changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tf_happywhale.errors import HappywhaleError
from tf_happywhale.server.home.gallery_stamp import Stamp

if TYPE_CHECKING:  # which imports TensorFlow
    from tf_happywhale.server.matcher.matcher_model import LoadedModel

LOOK = 0.5  # seconds between two looks at the gallery's files
GONE = 5.0  # seconds for which a gallery may be missing while it is replaced
AGAIN = 10.0  # seconds after which what failed is tried again
NO_GALLERY = "There is no gallery yet: build one first."
LOADING = "The model is still being loaded: try again in a minute."


Load = Callable[["LoadedModel | None"], "LoadedModel"]  # from the one that was loaded before


class NotReady(HappywhaleError):
    """Nothing can be answered now; the sentence says why."""


class Loading:
    """The newest model and gallery that could be loaded.

    While a changed gallery is being loaded, the one before answers.

    Args:
        stamp: of the gallery's files as they are now; None: there is no gallery.
        load: loads it, which takes seconds; it is given what was loaded before.
    """

    def __init__(self, stamp: Callable[[], Stamp | None], load: Load) -> None:
        self._stamp, self._load = stamp, load
        self._changed = threading.Condition()
        self._loaded: LoadedModel | None = None
        self._failed: tuple[Stamp, str, float] | None = None
        self._busy = False
        self._seen: Stamp | None = None
        self._looked, self._there = -LOOK, -GONE

    def begin(self) -> None:
        """Load the gallery in a thread if it is not loaded as it is now."""
        with self._changed:
            now = time.monotonic()
            if self._busy or now - self._looked < LOOK:
                return
            self._looked, self._seen = now, self._stamp()
            if self._seen is None:
                self._loaded = self._loaded if now - self._there < GONE else None
                return
            self._there = now
            if self._loaded is not None and self._loaded.stamp == self._seen:
                return
            if self._failed and self._failed[0] == self._seen and now - self._failed[2] < AGAIN:
                return
            self._busy = True
        threading.Thread(target=self._run, args=[self._seen], daemon=True).start()

    def get(self, seconds: float) -> LoadedModel:
        """Return what is loaded; wait for it so long.

        Raises:
            NotReady: there is no gallery, it cannot be loaded, or it takes longer.
        """
        self.begin()
        with self._changed:
            self._changed.wait_for(lambda: self._loaded is not None or not self._busy, seconds)
            if self._loaded is not None:
                return self._loaded
            if self._busy:
                raise NotReady(LOADING)
            if self._seen is None or self._failed is None:
                raise NotReady(NO_GALLERY)
            raise NotReady(self._failed[1])

    def _run(self, stamp: Stamp) -> None:
        loaded, why = None, ""
        try:
            loaded = self._load(self._loaded)
        except HappywhaleError as error:
            why = str(error)
        except Exception as error:  # whatever it is, waiting requests are answered
            why = f"The gallery's model cannot be loaded ({type(error).__name__}: {error})."
        with self._changed:
            if loaded is not None:
                self._loaded, self._failed = loaded, None
            else:
                self._failed = (stamp, why, time.monotonic())
                if self._loaded is None or self._loaded.stamp != stamp:
                    self._loaded = None  # a gallery of another model does not fit any more
            self._busy = False
            self._looked = -LOOK  # it may have changed meanwhile
            self._changed.notify_all()
