"""The section `rank` of the config: how embeddings become ranked individuals."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tf_happywhale.config.section import Positive, Section, Share


class Rank(Section):
    """How embeddings become ranked individuals."""

    preset: Literal["default", "original"] = Field(
        "default",
        description="original: the rules of the original notebook, with its 850 neighbours",
    )
    engine: Literal["auto", "tensorflow", "numpy"] = Field(
        "auto",
        description="what multiplies; auto: tensorflow for a large search if it is installed, else "
        "numpy",
    )
    shortlist: Literal["auto", "float32", "bfloat16"] = Field(
        "auto",
        description="engine=tensorflow: precision of the first search, whose best images are then "
        "scored exactly; auto: bfloat16 if the processor has units for it",
    )
    memory: int = Field(
        512, ge=16, description="MiB for the gallery in a search; a larger one is searched in parts"
    )
    candidates: int = Field(5, ge=5, le=1000, description="individuals kept for each query")
    best_of: Positive = Field(
        1, description="how many of an individual's best images its score is the mean of"
    )
    centre_share: Share = Field(
        0, description="weight of the cosines with the ArcFace centres, against those with images"
    )
    mirrored: Literal["none", "joined", "images"] = Field(
        "none",
        description="use of embed.mirrored's pictures. joined: one embedding with the original's; "
        "images: further images of gallery and query",
    )
    ensemble: Literal["join", "average"] = Field(
        "join", description="several models: embeddings joined, or scores averaged"
    )
    rounds: Literal["last", "all"] = Field(
        "last",
        description="which trainings of a model rank: the last, or with pseudo.rounds all of them "
        "together; without effect where the config names members, or pseudo.round",
    )
    members: Positive | None = Field(
        None,
        description="how many models rank together: those with the best mAP@5 on folds they have "
        "not seen, as the original took nine; scores on the same folds then look too good; null: "
        "all",
    )
    weights: Literal["given", "chosen"] = Field(
        "given", description="weights of the members: as given, or chosen on out-of-fold scores"
    )
    new: Literal["p_new", "first_or_second", "column", "target_share", "per_species"] = Field(
        "p_new",
        description="where new_individual goes. p_new: first or second, by P(new) where that is as "
        "good as a threshold; first_or_second: first or second, by a threshold of the best score; "
        "column: among the candidates, by its score; target_share: first for a share of the "
        "queries; per_species: as column, with a threshold for each species",
    )
    threshold: float | None = Field(
        None, description="score of new_individual; null: chosen on out-of-fold scores"
    )
    new_share: Share = Field(
        0.15, description="weight of new individuals when the threshold is chosen"
    )
    target_share: Share = Field(
        0.165, description="new=target_share: share of the queries with new_individual first"
    )

    @model_validator(mode="after")
    def _best_of_joined(self) -> Rank:
        if self.best_of > 1 and (self.ensemble == "average" or self.mirrored == "images"):
            raise ValueError(
                f"rank.best_of is {self.best_of}, which needs rank.ensemble=join and "
                "rank.mirrored none or joined: set it to 1"
            )
        return self
