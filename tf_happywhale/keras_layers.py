"""Register our layers as soon as Keras is imported, so that Keras can load our models.

`import tf_happywhale` must stay light, and Keras finds our layers only if they are registered. So
the modules that register them are imported right after Keras, at its first import anywhere.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pkgutil import iter_modules
from types import ModuleType


def register() -> None:
    """Register our layers: now if Keras is already imported, else when it is."""
    if "keras" in sys.modules:
        _import_layers()
    elif not any(isinstance(finder, _AfterKeras) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterKeras())


def _import_layers() -> None:
    layers = import_module("tf_happywhale.models.layers")
    for module in iter_modules(layers.__path__, f"{layers.__name__}."):
        import_module(module.name)


class _AfterKeras(MetaPathFinder):
    """Finds Keras as usual, and imports our layers when Keras is complete."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of Keras, after which our layers are imported; None for any other module."""
        if name != "keras":
            return None
        for finder in sys.meta_path:
            found = None if finder is self else finder.find_spec(name, path, target)
            if found is not None and found.loader is not None:
                _call_after(found, self._done)
                return found
        return None

    def _done(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        _import_layers()


def _call_after(spec: ModuleSpec, then) -> None:
    """Let `then` be called when the module of a spec was executed."""
    execute = spec.loader.exec_module

    def execute_and_call(module: ModuleType) -> None:
        execute(module)
        then()

    spec.loader.exec_module = execute_and_call
