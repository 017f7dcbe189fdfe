"""Ranking at Happywhale's size: ours, scikit-learn's and the original notebook's way, and faiss.

    python benchmarks/retrieval.py [--quick] [--json FILE] [--plot FILE] [--folder DIR]

27,956 queries, 51,033 images of 15,587 individuals (9,258 with one image, the largest with 400),
nine models of 512: random embeddings in which an individual's images lie near each other. All
runs in processes of its own, whose time and peak memory are taken; slow peers get a twentieth
and a tenth of the queries, and the difference is extrapolated (faiss, and our slower engines: a
tenth, times ten). The five ids of our search are counted against float64 brute force over all
queries, every model counting alike. In the bare searches no reading is timed: peers get their
embeddings joined and in memory, ours the eighteen files mapped, from which it joins as it searches.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from own_memory import OwnMemory

FULL = {"queries": 27_956, "images": 51_033, "individuals": 15_587, "models": 9, "width": 512}
QUICK = {"queries": 700, "images": 2_550, "individuals": 780, "models": 9, "width": 64}
LARGEST = (400, 168, 155, 154)  # Happywhale's four most photographed individuals: 877 images
SINGLETONS = 9_258 / 15_587
FOLDS = 5
NEIGHBOURS = 850  # the notebook's
SEARCHED = 50  # images that a peer is asked for in the bare search
SLOW = 10  # a slow peer gets one query in so many


def image_counts(images: int, individuals: int) -> np.ndarray:
    """Images of each individual, as unequal as Happywhale's."""
    scale = images / FULL["images"]
    largest = [max(2, round(count * scale)) for count in LARGEST]
    singles = round(SINGLETONS * individuals)
    others = individuals - singles - len(largest)
    left = images - singles - sum(largest)
    place = (np.arange(others) + 0.5) / others
    low, high = 0.1, 5.0
    for _ in range(60):  # the exponent of a power law from 2 up, that sums to what is left
        exponent = (low + high) / 2
        counts = np.minimum(2 * place ** (-1 / exponent), largest[-1] - 1).astype(int)
        low, high = (exponent, high) if counts.sum() > left else (low, exponent)
    counts = np.minimum(2 * place ** (-1 / high), largest[-1] - 1).astype(int)
    counts[: left - counts.sum()] += 1
    return np.concatenate([largest, counts, np.ones(singles, int)])


def write_files(folder: Path, size: dict[str, int]) -> None:
    """Nine pairs of embeddings files, three models each for the folds 0, 1 and 2."""
    from tf_happywhale.retrieval.embeddings import Embeddings, save_embeddings
    from tf_happywhale.retrieval.ensemble.trained_on import all_but

    rng = np.random.default_rng(0)
    counts = image_counts(size["images"], size["individuals"])
    who = np.repeat(np.arange(len(counts)), counts)
    rng.shuffle(who)
    ids = np.array([f"{n:012x}" for n in rng.choice(16**12, len(counts), replace=False)])
    images = np.array([f"{n:014x}.jpg" for n in range(len(who))])
    asked = np.array([f"{n:014x}.jpg" for n in range(len(who), len(who) + size["queries"])])
    new = rng.random(len(asked)) < 0.11
    whom = who[rng.integers(0, len(who), len(asked))]
    fold_of = rng.integers(0, FOLDS, len(images))
    folds = dict(zip(images.tolist(), fold_of.tolist(), strict=True))
    (folder / "folds.json").write_text(json.dumps(folds))
    for model in range(size["models"]):
        centres = rng.standard_normal((len(counts), size["width"]), np.float32)
        gallery = rng.standard_normal((len(who), size["width"]), np.float32) + centres[who]
        queries = rng.standard_normal((len(asked), size["width"]), np.float32)
        queries[~new] += centres[whom[~new]]
        about = {"model": f"{model}", "fold": f"{model % 3}", "view": "original"}
        about["trained_on"] = all_but(model % 3, "records", folds)
        member = folder / f"model{model}"
        unknown = np.full(len(asked), "")
        save_embeddings(member / "train.npz", Embeddings(gallery, images, ids[who], about))
        save_embeddings(member / "test.npz", Embeddings(queries, asked, unknown, about))


def size_of(folder: Path) -> dict[str, int]:
    """What the embeddings in a folder were made as."""
    from tf_happywhale.retrieval.embeddings import load_embeddings

    gallery, queries = (
        load_embeddings(folder / "model0" / f"{split}.npz") for split in ("train", "test")
    )
    return {
        "queries": len(queries),
        "images": len(gallery),
        "individuals": len(set(gallery.individual_id.tolist())),
        "models": len(list(folder.glob("model*"))),
        "width": gallery.embedding.shape[1],
    }


def load(folder: Path):
    """Both sides, the gallery's individuals, and the folds."""
    from tf_happywhale.retrieval.embeddings import load_embeddings
    from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble

    members = sorted(folder.glob("model*"))
    gallery = [load_embeddings(member / "train.npz") for member in members]
    queries = [load_embeddings(member / "test.npz") for member in members]
    known = make_ensemble(gallery, gallery[0].image)
    asked = make_ensemble(queries, queries[0].image)
    folds = json.loads((folder / "folds.json").read_text())
    return known, asked, gallery[0].individual_id.tolist(), folds


def joined(folder: Path, split: str, step: int = 1) -> np.ndarray:
    """The embeddings side by side, float32, as the notebook has them."""
    parts = []
    for member in sorted(folder.glob("model*")):
        with np.load(member / f"{split}.npz") as file:
            parts.append(file["embedding"][::step])
    return np.concatenate(parts, axis=1)


def extrapolated(task: Callable[[int], object]) -> float:
    """Seconds of `task(1)`, all queries, from `task(step)`, every step-th: what a tenth takes more
    than a twentieth is what further queries cost, and what is done once is counted once."""
    seconds = []
    for step in (2 * SLOW, SLOW):
        started = time.perf_counter()
        task(step)
        seconds.append(time.perf_counter() - started)
    return seconds[1] + max(0.0, seconds[1] - seconds[0]) * (2 * SLOW - 2)


def ours_to_submission(folder: Path) -> dict:
    """From the files to predictions.csv and submission.csv: reading, `rank_queries` (the folds'
    scores, the threshold and P(new) included) and writing. Not included: starting Python, reading
    the config and the catalogue, hashing the embeddings files."""
    from tf_happywhale.config import Rank
    from tf_happywhale.disk.files import write_csv
    from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
    from tf_happywhale.retrieval.ranking.ranking import rank_queries
    from tf_happywhale.retrieval.submission import write_submission

    started = time.perf_counter()
    known, asked, ids, folds = load(folder)
    ranking = rank_queries(
        LabelledGallery(known, ids, folds), asked, [1.0] * len(known.members), Rank()
    )
    write_csv(folder / "predictions.csv", ranking.table(5))
    write_submission(folder / "submission.csv", ranking.images, ranking.ids())
    return {"seconds": time.perf_counter() - started}


def notebook_to_submission(folder: Path, row_by_row: bool = False) -> dict:
    """The notebook's way: scikit-learn's cosine neighbours, k=850, the maximum per individual in
    pandas, the threshold from fold 0. Row by row, as such notebooks are written, each query gets a
    table of its own and rows are looped over by `iterrows`; otherwise one table is made and looped
    over by `itertuples`, which is several times quicker."""
    import pandas as pd
    from sklearn.neighbors import NearestNeighbors

    started = time.perf_counter()
    gallery, queries = joined(folder, "train"), joined(folder, "test", SLOW)
    with np.load(folder / "model0" / "train.npz") as file:
        images, ids = file["image"], file["individual_id"]
    with np.load(folder / "model0" / "test.npz") as file:
        asked = file["image"][::SLOW]
    folds = json.loads((folder / "folds.json").read_text())
    held_out = np.array([folds[image] == 0 for image in images])
    loaded = time.perf_counter() - started

    def confidence(known, known_ids, rows, names):
        k = min(NEIGHBOURS, len(known))
        search = NearestNeighbors(n_neighbors=k, metric="cosine").fit(known)
        distances, places = search.kneighbors(rows)
        if row_by_row:
            table = pd.concat(
                pd.DataFrame({"image": name, "target": known_ids[row], "confidence": 1 - distance})
                for name, row, distance in zip(names, places, distances, strict=True)
            ).reset_index(drop=True)
        else:
            table = pd.DataFrame(
                {
                    "image": np.repeat(names, k),
                    "target": known_ids[places.ravel()],
                    "confidence": 1 - distances.ravel(),
                }
            )
        table = table.groupby(["image", "target"]).confidence.max().reset_index()
        return table.sort_values("confidence", ascending=False).reset_index(drop=True)

    def predict(table, threshold):
        found: dict[str, list[str]] = {}
        rows = (row for _, row in table.iterrows()) if row_by_row else table.itertuples()
        for row in rows:
            ids_so_far = found.get(row.image)
            if ids_so_far is None:
                pair = [row.target, "new_individual"]
                found[row.image] = pair if row.confidence > threshold else pair[::-1]
            elif len(ids_so_far) < 5:
                ids_so_far.append(row.target)
        return found

    known = ~held_out

    def tune(step: int) -> float:
        rows = np.flatnonzero(held_out)[::step]
        table = confidence(gallery[known], ids[known], gallery[rows], images[rows])
        there = set(ids[known].tolist())
        truth = {
            image: who if who in there else "new_individual"
            for image, who in zip(images[rows].tolist(), ids[rows].tolist(), strict=True)
        }
        best, chosen = -1.0, 0.0
        for step in range(11):
            found = predict(table, step / 10)
            each = {
                image: 1 / (found[image].index(who) + 1) if who in found[image] else 0.0
                for image, who in truth.items()
            }
            new = [each[image] for image, who in truth.items() if who == "new_individual"]
            old = [each[image] for image, who in truth.items() if who != "new_individual"]
            score = 0.15 * np.mean(new) + 0.85 * np.mean(old)
            best, chosen = max((best, chosen), (score, step / 10))
        return chosen

    def rank(step: int) -> None:
        few = slice(None, None, step // SLOW)
        found = predict(confidence(gallery, ids, queries[few], asked[few]), chosen)
        lines = [f"{image},{' '.join(five)}" for image, five in found.items()]
        (folder / "notebook.csv").write_text("image,predictions\n" + "\n".join(lines))

    chosen = tune(2 * SLOW)
    tuned, ranked = extrapolated(tune), extrapolated(rank)
    return {
        "seconds": loaded + tuned + ranked,
        "seconds_without_threshold": loaded + ranked,
        "extrapolated": True,
    }


def ours_search(folder: Path, engine: str, shortlist: str = "auto", step: int = 1) -> dict:
    """The five best individuals of every query, from mapped files to arrays. Not included: opening
    the files, which reads them once for the embeddings' lengths, and loading TensorFlow."""
    from tf_happywhale.retrieval.search.candidates import rank_individuals
    from tf_happywhale.retrieval.search.dot_products import choose_engine

    known, asked, ids, _ = load(folder)
    equal = [1.0] * len(known.members)
    choose_engine(engine, shortlist, 1e99)  # loads TensorFlow
    started = time.perf_counter()
    queries, gallery = asked.stack(equal).take(np.arange(0, len(asked), step)), known.stack(equal)
    found = rank_individuals(queries, gallery, ids, 5, engine=engine, shortlist=shortlist)
    seconds = (time.perf_counter() - started) * step
    if step == 1:
        np.save(folder / "five.npy", found.individual_id)  # equal shares, as brute force has them
    return {"seconds": seconds, "extrapolated": step > 1}


def products_alone(folder: Path) -> dict:
    """What our search cannot be quicker than: its dot products and nothing else, in the same tiles
    by the same engine and workers."""
    from concurrent.futures import ThreadPoolExecutor

    from tf_happywhale.retrieval.search import exact
    from tf_happywhale.retrieval.search.dot_products import choose_engine

    known, asked, _, _ = load(folder)
    equal = [1.0] * len(known.members)
    engine = choose_engine("tensorflow", "auto", 1e99)
    queries = asked.stack(equal).take(np.arange(0, len(asked), SLOW))

    def tiles(rows, step: int) -> list:
        places = exact.spans(0, len(rows), step)
        return [engine.operand(rows, *place) for place in places]

    gallery, asked = tiles(known.stack(equal), exact.GALLERY_ROWS), tiles(queries, 1024)
    engine.dots(gallery[0], asked[0])
    started = time.perf_counter()
    with ThreadPoolExecutor(exact.WORKERS) as workers:
        list(workers.map(lambda mine: [engine.dots(tile, mine).shape for tile in gallery], asked))
    return {"seconds": (time.perf_counter() - started) * SLOW, "extrapolated": True}


def sklearn_search(folder: Path) -> dict:
    """scikit-learn's `kneighbors`: the 50 nearest images."""
    from sklearn.neighbors import NearestNeighbors

    gallery, queries = joined(folder, "train"), joined(folder, "test", SLOW)

    def task(step: int) -> None:
        search = NearestNeighbors(n_neighbors=SEARCHED, metric="cosine", algorithm="brute")
        search.fit(gallery).kneighbors(queries[:: step // SLOW])

    return {"seconds": extrapolated(task), "extrapolated": True}


def faiss_search(folder: Path) -> dict:
    """faiss, flat, inner product of normalised rows: the 50 nearest images."""
    import faiss

    gallery, queries = joined(folder, "train"), joined(folder, "test", SLOW)
    faiss.normalize_L2(gallery)
    faiss.normalize_L2(queries)
    index = faiss.IndexFlatIP(gallery.shape[1])
    index.add(gallery)
    started = time.perf_counter()
    index.search(queries, SEARCHED)
    return {"seconds": (time.perf_counter() - started) * SLOW, "extrapolated": True}


def float64_search(folder: Path) -> dict:
    """Brute force in float64, each member normalised, ties by individual_id: how many queries have
    the same five ids as `ours, search` found."""
    ours = np.load(folder / "five.npy")
    with np.load(folder / "model0" / "train.npz") as file:
        ids, labels = np.unique(file["individual_id"], return_inverse=True)
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(len(ids)))
    sides = []
    for split in ("train", "test"):
        parts = []
        for member in sorted(folder.glob("model*")):
            with np.load(member / f"{split}.npz") as file:
                part = file["embedding"].astype(np.float64)
            parts.append(part / np.linalg.norm(part, axis=1, keepdims=True))
        sides.append(np.concatenate(parts, axis=1) / np.sqrt(len(parts)))
    gallery, same = sides[0][order], 0
    for start in range(0, len(ours), 512):
        cosine = np.round(sides[1][start : start + 512] @ gallery.T, 12)
        best = np.maximum.reduceat(cosine, starts, axis=1)
        for row, five in zip(best, ours[start : start + 512], strict=True):
            near = np.flatnonzero(row >= np.partition(row, -5)[-5])
            near = near[np.argsort(-row[near], kind="stable")][:5]
            same += ids[near].tolist() == five.tolist()
    return {"same_five": same, "queries": len(ours)}


def growth(folder: Path) -> dict:
    """Time and peak memory over four sizes of gallery and of queries, by the default engine."""
    from tf_happywhale.retrieval.search.candidates import rank_individuals
    from tf_happywhale.retrieval.search.dot_products import choose_engine

    known, asked, ids, _ = load(folder)
    equal = [1.0] * len(known.members)
    choose_engine("auto", "auto", 1e99)
    queries, gallery = asked.stack(equal), known.stack(equal)
    few = np.arange(256)  # what is done once is done before anything is timed
    rank_individuals(queries.take(few), gallery, ids, 5, engine="auto")
    rows = []
    quarter = len(asked) // 4
    # half the gallery of the largest is held at a time, so that it has to be taken in parts
    memory = len(gallery) * gallery.width
    for part in (0.25, 0.5, 0.75, 1.0):
        for name, n, m in (
            ("gallery", quarter, int(len(gallery) * part)),
            ("queries", int(len(asked) * part), len(gallery) // 4),
        ):
            started = time.perf_counter()
            with OwnMemory() as own:
                rank_individuals(
                    queries.take(np.arange(n)), gallery.take(np.arange(m)), ids[:m], 5,
                    engine="auto", memory=memory,
                )  # fmt: skip
            seconds = time.perf_counter() - started
            rows.append({"grows": name, "queries": n, "images": m, "seconds": seconds,
                         "own_gb": own.gb})  # fmt: skip
    return {"sizes": rows}


def peak_gb() -> float:
    """The process's peak memory in GB, mapped files included."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e9


TASKS = {
    "ours, files to submission.csv": ours_to_submission,
    "notebook, made quicker, files to submission.csv": notebook_to_submission,
    "notebook, row by row, files to submission.csv": lambda folder: notebook_to_submission(
        folder, row_by_row=True
    ),
    "ours, search": lambda folder: ours_search(folder, "auto"),
    "ours, search, tensorflow float32": lambda folder: ours_search(
        folder, "tensorflow", "float32", SLOW
    ),
    "ours, search, numpy": lambda folder: ours_search(folder, "numpy", step=SLOW),
    "ours, search, the products alone": products_alone,
    "scikit-learn, search": sklearn_search,
    "faiss flat, search": faiss_search,
    "float64 brute force": float64_search,
    "growth": growth,
}
ONCE = {"float64 brute force", "growth", "notebook, row by row, files to submission.csv"}


def run_task(name: str, folder: Path) -> dict:
    """One task in a process of its own."""
    command = [sys.executable, __file__, "--task", name, "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        return {"failed": " ".join(last)}
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    """Measure, print the table, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small version, under a minute")
    parser.add_argument("--json", type=Path, help="write every figure here")
    parser.add_argument("--folder", type=Path, help="where the embeddings are, or are to be made")
    parser.add_argument("--plot", type=Path, help="draw time and memory over size into this PNG")
    parser.add_argument("--runs", type=int, default=3, help="of which the median is taken")
    parser.add_argument("--only", nargs="+", choices=list(TASKS), help="some tasks alone")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if arguments.task:
        found = TASKS[arguments.task](arguments.folder)
        print(json.dumps(found | {"peak_gb": peak_gb()}))
        return
    size, runs = (QUICK, 1) if arguments.quick else (FULL, arguments.runs)
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        if not (folder / "folds.json").is_file():
            folder.mkdir(parents=True, exist_ok=True)
            write_files(folder, size)
        elif (there := size_of(folder)) != size:
            parser.error(
                f"{folder} holds embeddings of another size, {there} instead of {size}: give "
                f"another folder, or {'leave out' if arguments.quick else 'add'} --quick"
            )
        names = arguments.only or list(TASKS)
        measured: dict[str, list[dict]] = {name: [] for name in names}
        for turn in range(runs):
            for name in names:
                if turn == 0 or name not in ONCE:
                    measured[name].append(run_task(name, folder))
                    print(f"  {name}: {measured[name][-1]}", file=sys.stderr, flush=True)
    report(size, measured, arguments.json)
    if arguments.plot and "sizes" in measured.get("growth", [{}])[0]:
        draw_growth(measured["growth"][0]["sizes"], arguments.plot)


def report(size: dict[str, int], measured: dict[str, list[dict]], file: Path | None) -> None:
    """The table, the ratios, and every figure as JSON."""
    print(f"{size}\n{'':50}{'seconds':>10}{'peak GB':>10}")
    seconds = {}
    for name, runs in measured.items():
        fine = [run for run in runs if "seconds" in run]
        if fine:
            seconds[name] = statistics.median(run["seconds"] for run in fine)
            peak = max(run["peak_gb"] for run in fine)
            note = "  extrapolated from a tenth" if fine[0].get("extrapolated") else ""
            print(f"{name:50}{seconds[name]:10.1f}{peak:10.2f}{note}")
        elif "failed" in runs[0]:
            print(f"{name:50}{'failed':>10}  {runs[0]['failed']}")
    for ours, peer in (
        ("ours, files to submission.csv", "notebook, made quicker, files to submission.csv"),
        ("ours, files to submission.csv", "notebook, row by row, files to submission.csv"),
        ("ours, search", "scikit-learn, search"),
        ("ours, search", "faiss flat, search"),
        ("ours, search, the products alone", "ours, search"),
        ("ours, search, the products alone", "faiss flat, search"),
    ):
        if ours in seconds and peer in seconds:
            print(f"{peer} ÷ {ours}: {seconds[peer] / seconds[ours]:.2f}")
    for run in measured.get("float64 brute force", []):
        print(f"the same five ids as float64 brute force: {run}")
    for run in measured.get("growth", []):
        for row in run.get("sizes", []):
            print(f"{row['queries']:8} × {row['images']:8}: {row['seconds']:7.2f} s, "
                  f"{row['own_gb']:.2f} GB of its own")  # fmt: skip
        for grows in ("gallery", "queries") if "sizes" in run else ():
            across, mine, _ = growing(run["sizes"], grows)
            _, explained = straight(across, [row["seconds"] for row in mine])
            print(f"seconds over {grows}: a straight line explains {explained:.4f} of the variance")
    if file:
        file.write_text(json.dumps({"size": size, "measured": measured}, indent=2) + "\n")


def growing(rows: list[dict], grows: str) -> tuple[list[int], list[dict], int]:
    """The sizes of what grows, their measurements, and the size of the other side."""
    key, other = ("images", "queries") if grows == "gallery" else ("queries", "images")
    mine = [row for row in rows if row["grows"] == grows]
    return [row[key] for row in mine], mine, mine[0][other]


def straight(across: list[int], seconds: list[float]) -> tuple[np.ndarray, float]:
    """The straight line through measurements, and the share of their variance that it explains."""
    line = np.polyfit(across, seconds, 1)
    left = np.asarray(seconds) - np.polyval(line, across)
    return line, float(1 - left.var() / np.var(seconds))


def draw_growth(rows: list[dict], file: Path) -> None:
    """Seconds and memory over the number of images, and of queries."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.4), dpi=120, layout="constrained")
    left, right = figure.subplots(1, 2)
    for grows, colour in (("gallery", "#1f6f8b"), ("queries", "#d1495b")):
        across, mine, fixed = growing(rows, grows)
        seconds = [row["seconds"] for row in mine]
        line, explained = straight(across, seconds)
        ends = np.array([0, across[-1]])
        left.plot(ends, np.polyval(line, ends), "-", color=colour, linewidth=1, alpha=0.5)
        other = "queries" if grows == "gallery" else "images"
        label = f"{grows}, against {fixed:,} {other} (straight: R² {explained:.3f})"
        left.plot(across, seconds, "o", color=colour, label=label)
        right.plot(across, [row["own_gb"] for row in mine], "o-", color=colour)
    for axes, title in ((left, "Seconds"), (right, "Peak memory but for the mapped files, GB")):
        axes.set_title(title, fontsize=11, loc="left")
        axes.set(xlabel="images or queries", xlim=(0, None), ylim=(0, 1.3 * axes.get_ylim()[1]))
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.spines[["top", "right"]].set_visible(False)
    left.legend(frameon=False, fontsize=8, loc="upper left")
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, metadata={"Software": None})


if __name__ == "__main__":
    main()
