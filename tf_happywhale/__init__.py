"""Photo-identification of individual whales and dolphins: from photographs to individuals."""

from __future__ import annotations

__version__ = "0.1.0"
