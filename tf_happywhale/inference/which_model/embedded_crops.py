"""Which crops of an animal are embedded, and how several embeddings of it become one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tf_happywhale.config.records import Records
from tf_happywhale.retrieval.lengths import unit_rows


def embedded_sources(records: Records) -> list[str | None]:
    """Return the sources whose crops are embedded; None stands for `records.source`."""
    if records.embed_source == "all":
        return [*records.sources]
    return [records.embed_source]


def mean_of_crops(each: Sequence[np.ndarray]) -> np.ndarray:
    """Return one embedding for each animal, float32 [n, d].

    Args:
        each: the embeddings [n, d] of each source's crops. Of several sources the mean of the
            embeddings at length 1 is returned, of one source its embeddings as they are.
    """
    if len(each) == 1:
        return each[0]
    return np.mean([unit_rows(one) for one in each], axis=0)
