"""Command: embed the catalogue's images and those to identify with each fold's model."""

from __future__ import annotations

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment, variants_of

EXAMPLES = [
    "python -m tf_happywhale.embed configs/demo.yaml",
    "python -m tf_happywhale.embed configs/right_whale.yaml data.root=DIR fold=1",
    "python -m tf_happywhale.embed configs/demo.yaml embed.mirrored=true",
    "python -m tf_happywhale.embed configs/demo.yaml 'members=[{path: anydorsal}]'",
    "python -m tf_happywhale.embed configs/demo.yaml --runner=FlinkRunner --flink_master=HOST:8081",
]


def main(experiment: Experiment) -> None:
    """Embed both splits with the models of the experiment, or of its variants, and with published
    models among its members, unless that is up to date."""
    from tf_happywhale.inference.embedding.embed_published import embed_published
    from tf_happywhale.inference.embedding.embed_records import embed_folds

    for variant in variants_of(experiment):
        embed_folds(variant)
    embed_published(experiment)


if __name__ == "__main__":
    command(main, "embed", __doc__, EXAMPLES, beam=True)
