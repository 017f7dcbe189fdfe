"""Photo-identification of individual whales and dolphins: from photographs to individuals.

What `__all__` lists is the Python API, which docs/python.md explains. Each name is imported when
it is first used, so that `import tf_happywhale` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tf_happywhale.keras_layers import register

if TYPE_CHECKING:
    from tf_happywhale.api import LoadedModel, build_gallery, load_model, open_catalogue
    from tf_happywhale.errors import HappywhaleError
    from tf_happywhale.galleries.gallery_folder import Gallery, open_gallery
    from tf_happywhale.retrieval.embeddings import Embeddings, load_embeddings, save_embeddings
    from tf_happywhale.retrieval.metrics import (
        auroc,
        average_precision,
        balanced_accuracy,
        mean_average_precision,
        rank_share,
    )
    from tf_happywhale.retrieval.search.candidates import Candidates, rank_individuals

__version__ = "0.1.0"
__all__ = [
    "Candidates",
    "Embeddings",
    "Gallery",
    "HappywhaleError",
    "LoadedModel",
    "auroc",
    "average_precision",
    "balanced_accuracy",
    "build_gallery",
    "load_embeddings",
    "load_model",
    "mean_average_precision",
    "open_catalogue",
    "open_gallery",
    "rank_individuals",
    "rank_share",
    "save_embeddings",
]
_MODULES = {  # where each name comes from
    "api": ("LoadedModel", "build_gallery", "load_model", "open_catalogue"),
    "errors": ("HappywhaleError",),
    "galleries.gallery_folder": ("Gallery", "open_gallery"),
    "retrieval.embeddings": ("Embeddings", "load_embeddings", "save_embeddings"),
    "retrieval.metrics": (
        "auroc", "average_precision", "balanced_accuracy", "mean_average_precision", "rank_share",
    ),
    "retrieval.search.candidates": ("Candidates", "rank_individuals"),
}  # fmt: skip

register()


def __getattr__(name: str) -> Any:
    """Import a name of the API when it is first used."""
    for module, names in _MODULES.items():
        if name in names:
            value = getattr(import_module(f"{__name__}.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
