"""Command: identify the animals in new photographs by a gallery of known animals."""

from __future__ import annotations

from collections.abc import Sequence

from tf_happywhale.cli import command_of_places

PLACES = {
    "": (
        "[MODEL] GALLERY PHOTO...",
        "MODEL    a run folder, what `export` made of it, an ensemble's config, a published\n"
        "         model that was fetched (`models list`), or lite0 (ImageNet features, which\n"
        "         nobody has taught an individual). Without MODEL: the one that embedded the\n"
        "         gallery; for a catalogue folder lite0\n"
        "GALLERY  a catalogue folder (with train.csv), or a gallery that `gallery build` made;\n"
        "         none: nobody is known yet, and the photographs are grouped by animal\n"
        "PHOTO    photographs, or folders of them",
    )
}
EXAMPLES = [
    "python -m tf_happywhale.identify . new_photographs output=trip identify.boxes=detections.json",
    "python -m tf_happywhale.identify output/demo/demo/fold0 output/demo/pod new_photographs",
    "python -m tf_happywhale.identify none photographs output=first",
    "python -m tf_happywhale.identify MODEL whales trip1 trip2 output=trips",
    "python -m tf_happywhale.identify MODEL whales trip identify.encounters=folders",
    "python -m tf_happywhale.identify MODEL whales trip identify.detector=weights.onnx",
]


def main(words: Sequence[str], overrides: list[str]) -> None:
    """Embed, rank, and write predictions.csv, photographs.csv, queries.npz and the pages."""
    from tf_happywhale.disk.locks import locked
    from tf_happywhale.inference.embedding.identifier import load_identifier
    from tf_happywhale.inference.identify.identification import check_complete, identify_photographs
    from tf_happywhale.inference.which_model.named_places import read_places
    from tf_happywhale.messages import timed
    from tf_happywhale.places import output_folder
    from tf_happywhale.review.match_pages import write_match_pages
    from tf_happywhale.review.reasons import reasons

    named = read_places(words, PLACES[""][0], overrides)
    with timed("the model"):
        experiment, identifier = load_identifier(named.model, overrides, named.gallery)
    output = output_folder(experiment)
    with locked(output, "identifying into", inside=True):
        for sentence in identifier.remarks(experiment.rank):
            print(sentence)
        found = identify_photographs(experiment, identifier, named.gallery, named.rest)
        with timed("the pages"):
            drawn = reasons(found, identifier.models[0], experiment.report)
            page = write_match_pages(output, found, experiment.report, *drawn)
    print(f"\nlook at {page}; the table is {output / 'predictions.csv'}")
    check_complete(found, output / "photographs.csv")


if __name__ == "__main__":
    command_of_places(main, "identify", __doc__, EXAMPLES, PLACES)
