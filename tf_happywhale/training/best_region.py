"""The part of aligned photographs that a network is to see (`model.region`), sought by asking a
catalogue's own images before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.catalogue.experiment_folds import find_bursts
from tf_happywhale.catalogue.tables.reading import reading_of
from tf_happywhale.config import Experiment
from tf_happywhale.disk.hashes import digest
from tf_happywhale.inference.explained.picture_cells import SIDE, picture_cells
from tf_happywhale.places import data_root
from tf_happywhale.retrieval.teaching.region_search import EXPONENT, Found, search_region

VERSION = 1  # of the search
MOST = 1500  # images that are asked; they take about a minute on two cores
MOST_EACH = 20  # of an individual, so that a few animals do not decide alone
FEWEST = 300  # of so many right whales the gain was certain in one draw, and not in another
SEED = 0x4E61


@dataclass(frozen=True)
class Sought:
    """What a search has found.

    Attributes:
        asked: digest of the images that were asked, and of how.
        region: xmin, ymin, xmax, ymax in shares of the sides; None: no part pays.
        why: the figures in words.
    """

    asked: str
    region: list[float] | None
    why: str


def best_region(experiment: Experiment, known: Sought | None = None) -> Sought | None:
    """Return the part of whole pictures by which images of a catalogue find their individual best;
    None if there are too few to be asked.

    At most `MOST` images are looked at: one of each burst, of individuals with several bursts.

    Args:
        experiment: says where the catalogue is.
        known: what an earlier search has found; it counts if the same images would be asked.

    Raises:
        InputError: the catalogue cannot be read, or the network's weights cannot be had.
    """
    data, folder = experiment.data, data_root(experiment) / experiment.data.train_images
    catalogue = read_catalogue(data_root(experiment) / data.catalogue, reading_of(data), folder)
    chosen = images_to_ask(catalogue, find_bursts(experiment, catalogue, folder))
    if len(chosen) < FEWEST:
        return None
    paths = [folder / photograph_of(image) for image in chosen["image"]]
    asked = digest([VERSION, SIDE, chosen.to_numpy().tolist(), [_stamp(path) for path in paths]])
    if known is not None and known.asked == asked:
        return known
    print(
        f"model.region: {len(paths)} images are embedded, to see whether a part of the pictures "
        "tells the animals apart better than the whole (done once; model.region=null leaves it "
        "out)",
        flush=True,
    )
    cells, read = picture_cells(paths, EXPONENT, "looking at parts of pictures")
    answering = _with_others(chosen, read)
    if answering.sum() < FEWEST:
        return None
    asking = chosen[answering]
    found = search_region(
        cells[:, :, answering[read]],
        asking["individual_id"].to_numpy(np.str_),
        asking["burst"].to_numpy(np.str_),
    )
    return Sought(asked, list(found.region) if found else None, _why(found))


def images_to_ask(catalogue: pd.DataFrame, bursts: np.ndarray) -> pd.DataFrame:
    """Return the images to ask, with their columns image, individual_id and burst: the first of
    each burst of an individual, of whole individuals with several bursts, in an order drawn by lot.

    Args:
        catalogue: columns image and individual_id.
        bursts: str [n].
    """
    rows = catalogue[["image", "individual_id"]].assign(burst=bursts).sort_values("image")
    rows = rows.drop_duplicates(["individual_id", "burst"])
    of_each = {who: own for who, own in rows.groupby("individual_id") if len(own) > 1}
    lot = np.random.default_rng(SEED)
    chosen = [rows[:0], *_drawn(of_each, lot)]
    return pd.concat(chosen)


def _drawn(of_each: dict[str, pd.DataFrame], lot: np.random.Generator) -> Iterator[pd.DataFrame]:
    count = 0
    for who in lot.permutation(sorted(of_each)):
        own = of_each[who]
        if len(own) > MOST_EACH:
            own = own.iloc[np.sort(lot.choice(len(own), MOST_EACH, replace=False))]
        count += len(own)
        if count > MOST:
            return
        yield own


def _with_others(chosen: pd.DataFrame, read: np.ndarray) -> np.ndarray:
    """Return which images could be read, as another one of their individual could, bool [n]."""
    left = chosen["individual_id"].where(read).value_counts()
    return read & (chosen["individual_id"].map(left).fillna(0).to_numpy() > 1)


def _stamp(path: Path) -> list[int]:
    try:
        status = path.stat()
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns]


def _why(found: Found) -> str:
    asked = f"asked of each other, {found.images} images find their animal with mAP@5"
    gain = (
        f"gain on individuals that did not choose it {found.gain:+.3f}, 95% {found.low:+.3f} to "
        f"{found.high:+.3f}"
    )
    if not found:
        return f"{asked} {found.whole:.3f}, and no part can be left out for certain ({gain})"
    return (
        f"{asked} {found.precision:.3f} by what {list(found.best)} shows and {found.whole:.3f} by "
        f"the whole picture ({gain}); this is an eighth larger on each side, so that little is lost"
    )
