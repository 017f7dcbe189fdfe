"""A stand-in for `identify`, without a network: slow as the real one, and with its outputs."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tqdm import tqdm

from tests.server.killing.pod_home import as_embeddings
from tf_happywhale.disk.files import write_text
from tf_happywhale.galleries.queries import save_queries

SECONDS, STEPS = 4.0, 20


def main() -> None:
    """Write `queries.npz` and `predictions.csv`."""
    words = [word for word in sys.argv[1:] if "=" not in word]
    settings = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
    for _ in tqdm(range(STEPS), desc="photographs"):
        time.sleep(SECONDS / STEPS)
    output, paths = Path(settings["output"]), sorted(Path(words[-1]).glob("*.jpg"))
    save_queries(output, as_embeddings(paths, [""] * len(paths)))
    rows = [f"{path.name},1,1,new_individual,0.5,,," for path in paths]
    head = "image,box_number,rank,individual_id,score,p_new,reference_image,reference_box_number"
    write_text(output / "predictions.csv", "\n".join([head, *rows]) + "\n")


if __name__ == "__main__":
    main()
