"""Embeddings of the records by the published models among an experiment's members."""

from __future__ import annotations

from pathlib import Path

from tf_happywhale.catalogue.dataset import DataSet, load_data
from tf_happywhale.config import Experiment
from tf_happywhale.inference.embedding.embed_records import ToEmbed, embed_splits
from tf_happywhale.inference.which_model.trained_models import TrainedModel, find_trained
from tf_happywhale.models.published_models.names import fetched_folder
from tf_happywhale.models.published_models.table import PUBLISHED
from tf_happywhale.records.manifest import skipped_images
from tf_happywhale.records.plan import RecordsPlan, plan_records
from tf_happywhale.retrieval.ensemble.members import find_members
from tf_happywhale.retrieval.ensemble.trained_on import every_fold
from tf_happywhale.retrieval.teaching.elsewhere import seen_elsewhere


def published_members(experiment: Experiment) -> list[TrainedModel]:
    """Return the published models among an experiment's members. Each looks at the experiment's
    boxes, in its own size of pictures.

    Raises:
        InputError: one is named that was not fetched.
    """
    for named in experiment.members:
        if named.path in PUBLISHED and not Path(named.path).exists():
            fetched_folder(named.path)
    found = []
    for member in find_members(experiment) if experiment.members else []:
        if member.published is None:
            continue
        own, _ = find_trained(member.published)
        batch = min(own.embed.batch_size, experiment.embed.batch_size)
        embed = experiment.embed.model_copy(update={"batch_size": batch})
        asked = {"image_size": own.image_size, "embed": embed, "members": (), "variants": ()}
        settings = experiment.model_copy(update=asked)
        found.append(TrainedModel(member.published, settings, embed=embed))
    return found


def embed_published(experiment: Experiment) -> None:
    """Write the embeddings of both splits by each published member, unless they are up to date.

    Raises:
        InputError: the records of its size are missing; or see `published_members`.
    """
    folders = [one.folder for one in find_members(experiment) if one.published]
    for model, folder in zip(published_members(experiment), folders, strict=True):
        data = load_data(model.experiment)
        plan = plan_records(model.experiment, data)
        data = data.without(skipped_images(plan.folder))
        name = model.published.name
        embed_splits(
            model, data, plan, ToEmbed(name, folder, "", _trained_on(model, data, plan), [])
        )


def _trained_on(model: TrainedModel, data: DataSet, plan: RecordsPlan) -> str:
    """Return what the embeddings of a catalogue say of a model of others: that it has seen all of
    it if any of its names are of a catalogue that the model was trained on."""
    said = model.about["trained_on"]
    if not seen_elsewhere(said, data.individual_ids, data.images):
        return said
    print(
        f"{model.published.name} was trained on Happywhale, and this catalogue's ids or images are "
        "named as there: nothing is learned from it about new individuals"
    )
    return every_fold(plan.folder.name, data.fold_of)
