"""The lines that `evaluate` prints."""

from __future__ import annotations

from tf_happywhale.retrieval.evaluation.training_gain import gain_sentence
from tf_happywhale.retrieval.new_individual.telling import read_telling


def print_metrics(metrics: dict) -> None:
    """Print the metrics as lines and a table; `docs/evaluation.md` explains each."""
    for name, part in metrics.items():
        if name not in ("out_of_fold", "members", "members_added", "training"):
            print(f"{name}: " + ", ".join(f"{key} {_short(value)}" for key, value in part.items()))
    for fold, told in metrics.get("training", {}).items():
        print(gain_sentence(fold, told))
    print_members(metrics)
    print_added(metrics.get("members_added", {}))
    found = metrics.get("out_of_fold")
    if found is None:
        return
    print(
        f"out of fold: {found['queries']} images, {found['queries_new']} of them of "
        f"{found['new_individuals']} new individuals; 95% intervals by individual"
    )
    if "chosen" in found:
        print(f"  by the {found['chosen']} that are best on these very images: the figures flatter")
    for name, part in table_rows(found):
        low, high = part["interval"]
        value = "   n/a" if part["value"] is None else f"{part['value']:6.3f}"
        count = f"{part['queries']} images, {part['queries_new']} new"
        print(f"  {name:44}{value}   {low:.3f} to {high:.3f}   {count}{_group(part)}")
    if "naive_split" in found:
        print(f"  {naive_sentence(found['naive_split'])}")
    for sentence in telling_sentences(found):
        print(f"  {sentence}")
    if found["p_new"]:
        before, after = found["p_new"]["error_before"], found["p_new"]["error_after"]
        used = found["p_new"].get("calibrated", True)  # older files do not say
        how = "calibrated" if used else "as given (calibration does not help, and is left out)"
        more = found["p_new"].get("left_out", 0)
        too = f"; {more} images of known animals are asked as new ones too" * bool(more)
        print(
            f"  expected calibration error of P(new): {before:.3f} for one minus the cosine, "
            f"{after:.3f} {how}{too}"
        )


def telling_sentences(found: dict) -> list[str]:
    """Return a sentence if new animals cannot be told from known ones, by P(new) as it is given."""
    told = read_telling(found["p_new"].get("auroc") or found["auroc"])
    return [told.sentence] if told is not None and told.fails else []


def naive_sentence(part: dict) -> str:
    """Return a sentence on what a split that ignores days promises, beside what is left without the
    question's own encounter or day."""
    naive, honest = _short(part["naive"]), _short(part["honest"])
    about = f"mAP@5 of {part['queries']} images of known individuals"
    if part["kept"]:
        return (
            f"A split that ignores encounters and days would have promised {naive} (honest: "
            f"{honest}), {about}."
        )
    return (
        f"These folds tear encounters or days apart, which promises {naive}; without the "
        f"question's own encounter or day it is {honest} at most, {about}. Set data.fold_by=burst."
    )


def table_rows(found: dict) -> list[tuple[str, dict]]:
    """Return the name and the measured part of each row of the table out of fold."""
    counts = sorted(
        found["gallery_images"].items(), key=lambda item: int(item[0].strip("+").split("-")[0])
    )
    return [
        *(
            (f"mAP@5, new={mode}", part)
            for mode, part in found["modes"].items()
            if mode != "p_new" or found["p_new"].get("places")
        ),  # else it is first_or_second
        *((f"mAP@5, oracle threshold, {kind}", part) for kind, part in found["oracle"].items()),
        *((f"rank-{k} of known, without new", part) for k, part in found["ranks"].items()),
        ("balanced accuracy, known (BAKS)", found["balanced_accuracy_known"]),
        ("balanced accuracy, new (BAUS)", found["balanced_accuracy_new"]),
        ("AUROC known/new", found["auroc"]),
        *((f"mAP@5, {kind}", part) for kind, part in found["species"].items()),
        *(
            (f"mAP@5, {count} image{'' if count == '1' else 's'} in the gallery", part)
            for count, part in counts
        ),
    ]


def print_members(metrics: dict) -> None:
    """Print each member's mAP@5 next to that of all members together, on the same images."""
    for member, parts in metrics.get("members", {}).items():
        said = []
        for name, part in parts.items():
            answered = name == "test"
            key, what = ("map5", "answers") if answered else ("map5_known", f"{name}, known")
            together = metrics.get(name, {}).get(key)
            said.append(f"{what} {_short(part[key])} (together {_short(together)})")
        print(f"model {member} alone: mAP@5 of " + ", ".join(said))


def print_added(added: dict[str, list[dict]]) -> None:
    """Print what one, two, three and more members reach together, and what each further one
    adds."""
    flatter = "the best first (chosen on these very images: the first figures flatter)"
    for order, said in {"given": "in the order given", "best_first": flatter}.items():
        if order in added:
            print(f"models one after another, {said}, out of fold:")
        for step in added.get(order, []):
            gain = ""
            if "added" in step:
                low, high = step["interval"]
                gain = f", {step['added']:+.3f} ({low:+.3f} to {high:+.3f})"
            print(
                f"  {step['count']}: with {', '.join(step['members'])}: mAP@5 of known "
                f"{_short(step['map5_known'])}{gain}, AUROC {_short(step['auroc'])}"
            )


def _group(part: dict) -> str:
    """Return further metrics of a species, or of a number of gallery images, in words."""
    names = {
        "rank1": "rank-1", "balanced_accuracy_known": "BAKS", "balanced_accuracy_new": "BAUS",
        "auroc": "AUROC",
    }  # fmt: skip
    found = [f"{said} {_short(part[name]['value'])}" for name, said in names.items()
             if part.get(name, {}).get("value") is not None]  # fmt: skip
    return "; " + ", ".join(found) if found else ""


def _short(value: float | None) -> str:
    if value is None:
        return "n/a"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
