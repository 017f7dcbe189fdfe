"""Photo-identification of individual whales and dolphins, from photographs to ranked individuals."""

from __future__ import annotations

__version__ = "0.1.0"
