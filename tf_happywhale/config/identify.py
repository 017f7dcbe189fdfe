"""The section `identify` of the config: photographs to identify, and galleries."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tf_happywhale.config.section import NotNegative, Section, Share


class Identify(Section):
    """What `identify` and `gallery` do with photographs."""

    boxes: str | None = Field(
        None,
        description="boxes of the photographs, in any format of data.boxes; null: boxes.csv in "
        "each of their folders, if there is one",
    )
    detector: str | None = Field(
        None,
        description="weights of a detector, .pt or .onnx, for photographs and catalogue images "
        "without a box in a table; null: those are used whole",
    )
    animals: Literal["all", "best"] = Field(
        "all", description="which boxes of a photograph are identified: all, or the best one"
    )
    min_confidence: Share = Field(
        0.2,
        description="lowest confidence of a photograph's boxes; the best box counts in any case",
    )
    encounters: str | None = Field(
        None,
        description="which photographs show one animal and are ranked together: folders (those in "
        "one folder), or a table image,encounter; null: each photograph is ranked alone. time: "
        "encounters are made from time and place, listed, and written to encounters.csv; each "
        "photograph is ranked alone, since a meeting may be with several animals",
    )
    encounter_gap: NotNegative = Field(
        10, description="encounters=time: largest gap between two photographs, in minutes"
    )
    encounter_distance: NotNegative = Field(
        1000,
        description="encounters=time: largest distance between two photographs with GPS, in metres",
    )
    facts: str | None = Field(
        None,
        description="a table of the photographs with the column image and any of species, date, "
        "time, latitude, longitude, place, observer, quality and distinctiveness; it counts before "
        "the camera's EXIF; null: only EXIF counts",
    )
    viewpoint: str | None = Field(
        None,
        description="the side of the animal in the photographs: left, right, dorsal or another, "
        "for all of them; folders (the name of the folder that holds a photograph, if it is a "
        "side); or a table image,viewpoint; null: not known",
    )
    sides: Literal["same_first", "ignore"] = Field(
        "same_first",
        description="where the side of photograph and gallery image is known. same_first: "
        "individuals that are known from the same side come first, and those that are known only "
        "from another side last; ignore: the score alone counts",
    )
    only: tuple[Literal["species", "viewpoint", "place"], ...] = Field(
        (),
        description="an animal is compared only with images of its own species, viewpoint (side) "
        "or place, where both are known; the terminal and the pages say how many these are",
    )
    search: Literal["exact", "index"] = Field(
        "exact",
        description="how a saved gallery is searched. exact: every image is compared; index: by "
        "the index that `gallery index` made, for galleries of millions of images, which may miss "
        "an individual; the terminal and the pages say how many it misses",
    )
    groups: Literal["average", "connected", "none"] = Field(
        "average",
        description="how photographs of animals that are probably new are grouped by animal. "
        "average: groups are joined while the mean similarity of their pairs is high enough; "
        "connected: while that of their most similar pair is; none: they are not grouped",
    )
    decisions: str | None = Field(
        None,
        description="decisions.csv that the pages of this output exported: new animals are grouped "
        "around what it says; null: without",
    )
    cache: str | None = Field(
        None,
        description="folder that keeps embeddings by model and picture; null: <output>/embedded",
    )
    photographs: str | None = Field(
        None,
        description="folder in which `gallery add` finds photographs that were moved after "
        "`identify`, by their content",
    )
