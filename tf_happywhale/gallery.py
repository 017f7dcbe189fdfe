"""Command: build a gallery from a catalogue, add confirmed matches, check it and correct it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tf_happywhale.cli import command_of_places

VERBS = {
    "build": (
        "[MODEL] CATALOGUE GALLERY",
        "embed a catalogue folder into a new gallery; without MODEL by lite0's ImageNet features",
    ),
    "renew": (
        "[MODEL] CATALOGUE GALLERY",
        "build it again, by another model or of a changed catalogue, with the corrections of the\n"
        "      gallery that is there, which stays until the new one is whole",
    ),
    "add": (
        "GALLERY DECISIONS",
        "add what was decided on the pages in output=DIR to the gallery and its catalogue",
    ),
    "index": (
        "GALLERY",
        "make an index for identify.search=index, or bring it up to date: for galleries of\n"
        "      millions of images; it says how much of the exact answer it finds",
    ),
    "info": ("GALLERY", "print what is in it"),
    "verify": ("GALLERY", "check its files, its pictures, and whether its catalogue agrees"),
    "remove": ("GALLERY ID", "remove an individual"),
    "rename": ("GALLERY ID NEW_ID", "give an individual another id"),
    "merge": ("GALLERY ID INTO_ID", "give all images of the first id to the second (one animal)"),
    "drop": ("GALLERY IMAGE", "remove an image (IMAGE#2: the second animal in it)"),
    "move": ("GALLERY IMAGE ID", "give an image, or IMAGE#2, to another individual"),
    "curate": ("GALLERY", "write a map and lists of what may be wrong to output=DIR/curation"),
    "export": ("GALLERY TABLE.csv", "write its images and individuals as a catalogue"),
}
EXAMPLES = [
    "python -m tf_happywhale.gallery build . whales identify.boxes=detections.json",
    "python -m tf_happywhale.gallery build output/demo/demo/fold0 output/demo/pod whales",
    "python -m tf_happywhale.gallery add whales decisions.csv output=identified",
    "python -m tf_happywhale.gallery merge whales new-0003 00017",
    "python -m tf_happywhale.gallery verify whales",
    "python -m tf_happywhale.gallery index whales",
]


def main(words: Sequence[str], overrides: list[str]) -> None:
    """Do what one verb says."""
    from tf_happywhale.config import load_experiment
    from tf_happywhale.galleries.gallery_folder import open_gallery

    verb, first, *rest = words
    folder, further = Path(first).expanduser(), [Path(word).expanduser() for word in rest]
    if verb in ("build", "renew"):
        from tf_happywhale.inference.gallery.build_gallery import build_gallery
        from tf_happywhale.inference.gallery.renew_gallery import renew_gallery
        from tf_happywhale.inference.which_model.named_places import read_places

        named = read_places([first, *rest], VERBS[verb][0], overrides)
        work = build_gallery if verb == "build" else renew_gallery
        work(named.model, named.gallery, further[-1], overrides)
        return
    settings = load_experiment(None, overrides)
    if verb == "add":
        from tf_happywhale.galleries.adding_decisions import add_decisions

        add_decisions(folder, further[0], settings)
    elif verb == "index":
        from tf_happywhale.galleries.indexing import index_gallery

        index_gallery(folder)
    elif verb == "verify":
        from tf_happywhale.galleries.gallery_faults import verify

        verify(folder, settings.data)
    elif verb == "curate":
        from tf_happywhale.review.curation_files import curate_gallery

        curate_gallery(open_gallery(folder), settings)
    elif verb in ("info", "export"):
        from tf_happywhale.galleries.gallery_tables import export_catalogue, summary_lines

        gallery = open_gallery(folder)
        if further:
            lines = export_catalogue(gallery, further[0])
        else:
            lines = summary_lines(gallery, settings.rank)
        print("\n".join(lines))
    else:
        from tf_happywhale.galleries.corrections import correct

        correct(open_gallery(folder), verb, rest)


if __name__ == "__main__":
    command_of_places(main, "gallery", __doc__, EXAMPLES, VERBS)
