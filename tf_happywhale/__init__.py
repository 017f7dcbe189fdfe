"""Photo-identification of individual whales and dolphins: from photographs to individuals."""

from __future__ import annotations

from tf_happywhale.keras_layers import register

__version__ = "0.1.0"

register()
