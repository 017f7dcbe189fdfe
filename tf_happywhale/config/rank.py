"""The section `rank` of the config: ranking."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tf_happywhale.config.section import Positive, Section, Share


class Rank(Section):
    """How embeddings become ranked individuals."""

    preset: Literal["default", "original"] = Field(
        "default",
        description="original: the original notebook's own rules, k=850 neighbours and all",
    )
    engine: Literal["auto", "tensorflow", "numpy", "sklearn", "faiss"] = Field(
        "auto",
        description="who searches; auto: tensorflow for a large search, where it is installed, "
        "else numpy; sklearn is the reference, faiss an extra",
    )
    index: Literal["auto", "flat", "ivf", "hnsw"] = Field(
        "auto",
        description="engine=faiss: flat is exact; an inverted file (ivf) or a graph (hnsw) is not, "
        "and says how many true neighbours it finds; auto: flat up to ten million images, then ivf",
    )
    shortlist: Literal["auto", "float32", "bfloat16"] = Field(
        "auto",
        description="what tensorflow multiplies before the best are scored exactly; auto: "
        "bfloat16 where there are units for it",
    )
    memory: int = Field(
        512, ge=16, description="MiB for the gallery during a search; a larger one goes in parts"
    )
    candidates: int = Field(5, ge=5, le=1000, description="individuals kept for each query")
    best_of: Positive = Field(
        1, description="an individual's score is the mean of its that many best images"
    )
    centre_share: Share = Field(
        0, description="weight of the ArcFace centres' cosines against the images'"
    )
    mirrored: Literal["none", "joined", "images"] = Field(
        "none",
        description="embed.mirrored's pictures: beside the originals as one embedding, or as "
        "further images of gallery and query",
    )
    ensemble: Literal["join", "average"] = Field(
        "join", description="several models: embeddings side by side, or scores averaged"
    )
    members: Positive | None = Field(
        None,
        description="how many models rank: those with the best mAP@5 on folds they have not seen, "
        "as the original took nine, which flatters what is measured on these folds; null: all",
    )
    weights: Literal["given", "chosen"] = Field(
        "given", description="the members' weights as given, or chosen on out-of-fold scores"
    )
    new: Literal["first_or_second", "column", "target_share", "per_species"] = Field(
        "first_or_second",
        description="where new_individual goes: first or second by a threshold, to its place "
        "among the scores, first for a share of the queries, or to its place with a threshold "
        "for each species",
    )
    threshold: float | None = Field(
        None, description="score of new_individual; null: from out-of-fold scores"
    )
    new_share: Share = Field(
        0.15, description="weight of new individuals when the threshold is chosen"
    )
    target_share: Share = Field(
        0.165, description="new=target_share: share of queries with new_individual first"
    )

    @model_validator(mode="after")
    def _best_of_joined(self) -> Rank:
        if self.best_of > 1 and (self.ensemble == "average" or self.mirrored == "images"):
            raise ValueError(
                f"rank.best_of is {self.best_of}, which needs rank.ensemble=join and "
                "rank.mirrored none or joined: set it to 1"
            )
        return self
