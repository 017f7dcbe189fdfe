"""Routes of models and training: what can be chosen, trained, watched, and put to use."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from tf_happywhale.server.home.home import MODEL, Home
from tf_happywhale.server.home.which_home import HomeOf
from tf_happywhale.server.jobs.gallery_jobs import renew_words
from tf_happywhale.server.jobs.jobs import UNFINISHED, add_job, refuse_second, shown_job
from tf_happywhale.server.jobs.training_job import KIND, last_training, training_words
from tf_happywhale.server.jobs.training_progress import progress, trained

router = APIRouter(tags=["models and training"])


class NewTraining(BaseModel):
    """Who starts it, and whether an unfinished training of other photographs is given up."""

    by: str = Field("", max_length=200)
    restart: bool = False


class ChosenModel(BaseModel):
    """The model that embeds the gallery from now on."""

    model: str = Field(min_length=1, max_length=4000)
    by: str = Field("", max_length=200)


@router.get("/v1/models")
def list_models(home: HomeOf) -> dict[str, Any]:
    """Return the models that can be chosen."""
    from tf_happywhale.server.jobs.models_at_hand import models

    return {"models": models(home)}


@router.post("/v1/model")
def choose_model(home: HomeOf, chosen: ChosenModel) -> dict[str, Any]:
    """Choose a model, and build the gallery by it. The old gallery stays until then. Without a
    catalogue there is no gallery, and `job` is null."""
    from tf_happywhale.server.jobs.models_at_hand import check_model

    model, job = check_model(home, chosen.model), None
    if home.catalogue is not None:
        refuse_second(home.store, ["gallery"])
    home.store.put_setting(MODEL, model)
    if home.catalogue is not None:
        job = add_job(home.store, "gallery", renew_words(home, model), by=chosen.by)
    return {"model": model, "job": job}


@router.post("/v1/training")
def train(home: HomeOf, new: NewTraining) -> dict[str, int]:
    """Train a model on the catalogue, or resume a training that was stopped."""
    refuse_second(home.store, [KIND])
    return {"job": add_job(home.store, KIND, training_words(home, new.restart), by=new.by)}


@router.get("/v1/training")
def training(home: HomeOf) -> dict[str, Any]:
    """Return how far the training is, and the model that was trained last."""
    row, output = last_training(home)
    made, told = trained(home.training), progress(output)
    if row is None or row["state"] not in UNFINISHED:
        told["seconds_left"] = None
    job = None if row is None else shown_job(home, row)
    return {"job": job, **told, "model": str(made[0]) if made else None}


def shown_training(home: Home) -> dict[str, Any] | None:
    """Return how far the training is in a few words; None: nobody has started one."""
    told = training(home)
    if told["job"] is None:
        return None
    return {name: told[name] for name in ("job", "epoch", "of", "seconds_left", "model")}
