"""The typed experiment: one schema, strict keys, YAML and `key=value`; the only home of defaults.

Every scalar of a YAML file is read as text and becomes what the schema says it is, so that `1e-4`
is a float, `09913` stays text where text is wanted, and `no` is a boolean only where one is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from tf_happywhale.config.errors_in_words import sentence
from tf_happywhale.config.text import (
    put_override,
    put_value,
    read_tree,
    read_yaml,
    refuse_addresses,
)
from tf_happywhale.errors import ConfigError

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(ge=1)]
NotNegative = Annotated[float, Field(ge=0)]


def _encoding(name: str) -> str:
    try:
        "a".encode(name)
    except LookupError:
        raise ValueError(
            f"data.encoding is {name[:80]!r}, which is not an encoding of text: take cp1252, "
            "latin-1, utf-16-le or another that Python knows"
        ) from None
    return name


TextEncoding = Annotated[str, AfterValidator(_encoding)]
TableColumn = Literal["image", "individual_id", "species", "encounter", "date", "viewpoint"]


class Section(BaseModel):
    """A part of the experiment: unknown keys are refused, values are checked and then fixed."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False
    )


class Data(Section):
    """The photographs and who is in them, in Kaggle's layout."""

    root: str | None = Field(
        None, description="folder of train.csv, train_images/, …; null: draw the synthetic pod"
    )
    catalogue: str = Field("train.csv", description="table image,species,individual_id")
    train_images: str = Field("train_images", description="folder of the catalogue's images")
    test_images: str = Field("test_images", description="folder of the images to identify")
    answers: str = Field("answers.csv", description="image,individual_id of test images, if known")
    columns: dict[TableColumn, str] = Field(
        {},
        description="names of your columns by ours, such as {individual_id: ID, image: photo}; "
        "image, individual_id, species, encounter, date and viewpoint can be named",
    )
    encoding: TextEncoding | None = Field(
        None,
        description="of your tables, such as cp1252 (Windows); null: UTF-8, or what the file's "
        "byte order mark says",
    )
    unknown: tuple[str, ...] = Field(
        (),
        description='ids that mean that nobody knows the animal, such as [unknown, "?", ""]; '
        "such rows are left out of training and gallery",
    )
    boxes: str | dict[str, str] | None = Field(
        None,
        description="boxes: a table, JSON of COCO, MegaDetector, LabelMe or VIA, or a folder of "
        "VOC, LabelMe or YOLO files, seen from data.root unless it starts with /, or one for each "
        "source as {fullbody: FILE, …}; null: boxes.csv if there is one, else whole images",
    )
    boxes_format: Literal["auto", "corners", "xywh", "cxcywh"] = Field(
        "auto",
        description="what the four numbers in a bbox or box cell are: corners (left, top, right, "
        "bottom), xywh (left, top, width, height) or cxcywh (middle, width, height); auto: the "
        "numbers must tell",
    )
    tfrecords: str | None = Field(
        None,
        description="folder of community TFRecords to use as they are, in place of photographs",
    )
    tfrecords_pattern: str | None = Field(
        None,
        description="the form of their files' names: {split}, {count}, perhaps {fold}, and * for "
        "anything, such as whales_{split}_{fold}_{count}.tfrecord; null: "
        "{split}-{fold}-{count}.tfrec",
    )
    folds: int = Field(5, ge=2, le=100, description="number of folds")
    fold_by: Literal["auto", "stratified", "encounter", "open"] = Field(
        "auto",
        description="auto: by encounter where the catalogue has that column, else stratified",
    )
    open_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.18, description="fold_by=open: share of the individuals held out whole by some fold"
    )


class Pod(Section):
    """The synthetic pod: drawn dolphins, used where data.root is null."""

    individuals: Positive = Field(64, description="individuals of the catalogue")
    new_individuals: int = Field(16, ge=0, description="individuals seen in test images only")
    singletons: int = Field(10, ge=0, description="individuals with one image in the catalogue")
    mean_images: float = Field(8, ge=2, description="mean number of images of the others")
    test_images: float = Field(2, ge=1, description="mean number of test images an individual")
    width: int = Field(900, ge=300, description="width of a photograph, pixels")
    height: int = Field(600, ge=200, description="height of a photograph, pixels")


class Detect(Section):
    """The detector: what it learns from, and which of its boxes are kept."""

    model: str = Field(
        "yolov5x6u",
        min_length=1,
        description="network that training starts from: a YOLO by name, a .pt file of one, or a "
        ".yaml, from scratch",
    )
    annotations: str | dict[str, str] | None = Field(
        None,
        description="boxes it learns from, given as data.boxes are, seen from data.root too; "
        "null: data.boxes; boxes that name no source are of records.source",
    )
    sources: tuple[str, ...] = Field((), description="what it looks for; []: all annotated sources")
    folds: int = Field(
        5,
        ge=2,
        le=100,
        description="parts of the annotated photographs, each held out by one model; fold says "
        "which models are trained",
    )
    image_size: int = Field(
        1280,
        ge=64,
        le=4096,
        description="longest side of a photograph in training, rounded up to 64s, pixels; "
        "prediction takes the one that the weights name",
    )
    epochs: Positive = Field(30, description="passes over the annotated photographs")
    batch_size: Positive = Field(8, description="images a batch, in training and prediction")
    step_images: Positive = Field(
        64,
        description="images of one step of the optimizer; smaller batches are added up",
    )
    optimizer: Literal["SGD", "AdamW"] = Field(
        "SGD", description="SGD with Nesterov momentum, AdamW"
    )
    learning_rate: float = Field(0.01, gt=0, description="at its highest")
    rotate: float = Field(30, ge=0, le=180, description="largest rotation either way, degrees")
    scale: Share = Field(0.75, description="largest change of size, as a share")
    mosaic: Share = Field(0.75, description="probability of four photographs in one")
    restart: bool = Field(
        False,
        description="true: give up an unfinished training of other settings or photographs",
    )
    models: tuple[str, ...] = Field(
        (), description="weights (.pt or .onnx) that predict together; []: the folds' own"
    )
    engine: Literal["torch", "onnx"] = Field(
        "torch", description="which of the folds' weights predict; onnx needs no PyTorch"
    )
    confidence: Share = Field(0.1, description="lowest confidence of a box that is kept")
    overlap: float = Field(
        0.55,
        gt=0,
        lt=1,
        description="intersection over union at which two boxes are one animal: boxes of several "
        "models, or of one photograph to identify",
    )
    choice: Literal["best", "largest", "union", "all"] = Field(
        "best",
        description="of an image's boxes of one source: the most confident, the largest, the box "
        "around all, or all of them, for photographs that show several animals",
    )
    padding: dict[str, NotNegative] = Field(
        {}, description="added on each side, as a share of the box, such as {backfin: 0.1}"
    )


class Records(Section):
    """Crops and the TFRecords they are kept in."""

    dir: str | None = Field(None, description="home of records folders; null: <output>/records")
    source: str = Field("fullbody", description="which box is cropped; no such box: whole image")
    more_sources: tuple[str, ...] = Field(
        (), description="further crops kept in each example, where an image has such a box"
    )
    size: Annotated[int, Field(ge=16, le=4096)] | None = Field(
        None, description="side of the stored square crop, pixels; null: image_size"
    )
    quality: int = Field(95, ge=1, le=100, description="JPEG quality of the stored crop")
    shard_images: Positive = Field(512, description="largest number of images in a shard")
    embed_source: str | None = Field(
        None,
        description="which stored crop is embedded; null: that of source; all: the mean of all",
    )
    skip_unreadable: bool = Field(
        False, description="continue without photographs that cannot be read, listed in skipped.csv"
    )
    engine: Literal["local", "beam"] = Field(
        "local", description="this machine's cores, or Apache Beam (the extra `beam`)"
    )
    beam_options: tuple[str, ...] = Field(
        (), description="the Beam runner's options, such as [--runner=DirectRunner]"
    )


class Augment(Section):
    """The seed's list of augmentations, each with the probability (`_p`) of being drawn."""

    enabled: bool = Field(True, description="false: training sees the crops as they are")
    affine_p: Share = Field(0.5, description="rotation, translation and shear together")
    rotate: float = Field(15, ge=0, le=180, description="largest rotation either way, degrees")
    translate: Share = Field(0.25, description="largest shift right and down, share of the side")
    shear: float = Field(3, ge=0, le=45, description="largest shear either way, degrees")
    crop_scale: tuple[Share, Share] = Field((0.9, 1.0), description="share of the area kept")
    crop_ratio: tuple[float, float] = Field((0.75, 1.3333333), description="width to height")
    grey_p: Share = Field(0.1, description="colour removed")
    blur_p: Share = Field(0.07, description="box blur of blur_size pixels")
    blur_size: tuple[int, int] = Field((3, 7), description="smallest and largest blur, odd pixels")
    motion_blur_p: Share = Field(0, description="blur along a line of motion_blur_size pixels")
    motion_blur_size: tuple[int, int] = Field((3, 9), description="shortest and longest, odd")
    noise_p: Share = Field(0.07, description="Gaussian noise added to each pixel")
    noise_variance: tuple[float, float] = Field((10, 50), description="in squared grey levels")
    grid_shuffle_p: Share = Field(0.28, description="the four quarters change places")
    brightness_contrast_p: Share = Field(0.5, description="brightness and contrast together")
    brightness: Share = Field(0.2, description="largest change, share of full scale")
    contrast: Share = Field(0.2, description="largest change of the factor")
    cutout_p: Share = Field(0, description="black squares, cutout_holes of them")
    cutout_holes: Positive = Field(4, description="squares of a cutout")
    cutout_size: Share = Field(0.2, description="side of a cutout's square, share of the picture's")
    occlusion_p: Share = Field(0, description="one rectangle of random pixels")
    occlusion_area: tuple[Share, Share] = Field((0.02, 0.2), description="its share of the area")
    flip_p: Share = Field(0.1, description="mirrored left to right")
    mixup_p: Share = Field(0, description="mixed with the next picture of the batch")
    mixup_alpha: float = Field(0.4, gt=0, description="mixup's shares are Beta(alpha, alpha)")
    crops: dict[str, Share] = Field(
        {},
        description="which stored crop a step draws, such as {fullbody: 0.6, backfin: 0.4}; "
        "{}: always that of records.source",
    )


class Model(Section):
    """Backbone, GeM, neck, and the ArcFace head it is trained with."""

    backbone: Literal[
        "lite0", "lite1", "lite2", "lite3", "lite4",
        "b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7",
        "v2_s", "v2_m", "v2_l", "v2_xl", "efficientnetv2_rw_m",
        "nfnet_l0", "eca_nfnet_l0", "eca_nfnet_l1", "eca_nfnet_l2",
    ] = Field("lite0", description="EfficientNet, -lite, V2, or NFNet by name")  # fmt: skip
    weights: str = Field(
        "default",
        min_length=1,
        description="where training starts: default (the backbone's first), none, a name such as "
        "b6_ns, hf://OWNER/NAME, a .safetensors or .h5 file, or a run folder, model.keras or "
        ".weights.h5 of this package, of which the neck is taken too",
    )
    region: tuple[Share, Share, Share, Share] | None = Field(
        None,
        description="part of the picture that the network sees, [xmin, ymin, xmax, ymax] in shares "
        "of its sides, for aligned photographs; null: all of it",
    )
    drop_path: Annotated[float, Field(ge=0, lt=1)] = Field(
        0, description="largest probability of leaving out a residual branch in training"
    )
    gem_p: float = Field(3, gt=0, description="exponent that GeM pooling starts from")
    pooling: Literal["final", "last_two"] = Field(
        "final", description="which feature maps are pooled: the last, or those of two stages"
    )
    columns: Positive = Field(
        1,
        description="vertical strips of the last feature map that are pooled beside it, for "
        "aligned photographs; 1: none",
    )
    train_gem_p: bool = Field(True, description="false: the exponent stays as it is")
    freeze_norm: bool = Field(False, description="true: the backbone's BatchNorms stay as they are")
    dropout: Annotated[float, Field(ge=0, lt=1)] = Field(
        0, description="share of the neck's outputs left out in training"
    )
    embedding_size: Positive | None = Field(
        512, description="length of the embedding; null: the neck's BatchNorm gives it"
    )
    sizes: tuple[Annotated[float, Field(ge=0.25, le=4)], ...] = Field(
        (),
        description="when training is done, the embedding becomes the mean over the picture at so "
        "many times its size, such as [0.94, 1, 1.09]; none: at its own size alone",
    )
    whitening: float | None = Field(
        None,
        gt=0,
        description="when training is done, weigh down the directions in which images of one "
        "individual differ; the ridge, as a share of their mean variance, such as 1; null: not",
    )
    margin: float = Field(0.3, ge=0, lt=1.5707963, description="ArcFace margin, radians")
    scale: float = Field(30, gt=0, description="ArcFace scale of the cosines")
    easy_margin: bool = Field(False, description="margin only where the cosine is positive")
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(
        0, description="the seed's mixing of logits with and without margin"
    )
    subcentres: Positive = Field(1, description="centres of each individual, the nearest counts")
    dynamic_margin: tuple[float, float, float] | None = Field(
        None,
        description="[a, b, c]: the margin of an individual of n training images is a·n^b + c, "
        "such as [0.27126, -0.364399, 0.05]; null: margin",
    )
    species_weight: Annotated[float, Field(ge=0, lt=1)] = Field(
        0, description="share of the loss that a second head for species has; 0: none"
    )
    species_scale: float = Field(33.14, gt=0, description="ArcFace scale of the species head")
    species_margin: tuple[float, float, float] | None = Field(
        (0.226253, -0.720133, 0.05), description="dynamic margin of the species head; null: margin"
    )


class Train(Section):
    """How the model is trained."""

    epochs: Positive = Field(25, description="passes over the training folds")
    batch_size: Positive = Field(32, description="images a step, over all devices")
    device: Literal["auto", "cpu", "gpu", "tpu"] = Field(
        "auto",
        description="what trains; auto: the TPU, else all GPUs, else the CPU",
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="of the backbone; auto: bfloat16 on TPUs and on GPUs from capability 8, "
        "float16 on older ones, float32 on CPUs",
    )
    learning_rate: float = Field(1e-4, gt=0, description="AdamW's, at its highest")
    head_rate: float = Field(
        1, gt=0, description="learning rate of all but the backbone, as a multiple"
    )
    schedule: Literal["cosine", "seed"] = Field(
        "cosine", description="over the run; seed: up and down again every 24 steps, as it was"
    )
    min_learning_rate: NotNegative = Field(1e-7, description="where the cosine ends")
    warmup_epochs: NotNegative = Field(
        0, description="epochs of linear warm-up before the cosine, at most the whole run"
    )
    weight_decay: NotNegative = Field(1e-6, description="AdamW's weight decay")
    accumulate: Positive = Field(
        1,
        description="steps whose gradients are averaged for one update of the weights, also over "
        "the end of an epoch; the run's last update takes what is left",
    )
    steps_per_execution: Positive = Field(
        1,
        description="steps that are taken in one call of the compiled step, such as 8, where a TPU "
        "or GPU would wait for the next; the weights are the same, checkpoints come between calls",
    )
    average: Annotated[float, Field(ge=0, lt=1)] = Field(
        0, description="decay of a moving average of the weights, such as 0.999; 0: none"
    )
    target_smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(
        0, description="share of each target that is spread over all individuals"
    )
    embedding_mixup: NotNegative = Field(
        0,
        description="embeddings are mixed with the next ones of the batch before the head, their "
        "shares from Beta(alpha, alpha), such as 0.2; 0: not",
    )
    balance: Share = Field(
        0,
        description="0: every image comes once an epoch; 1: every individual equally often; "
        "between: an individual of n images in proportion to n^(1 - balance)",
    )
    first_size: Annotated[int, Field(ge=32, le=4096)] | None = Field(
        None,
        description="side of the pictures in the first epochs, pixels; it grows by 32 to "
        "last_size in equal parts of the run; null, or above that: last_size",
    )
    last_size: Annotated[int, Field(ge=32, le=4096)] | None = Field(
        None,
        description="side of the pictures in the last epochs, pixels; smaller than image_size, at "
        "which images are embedded, where random crops make animals look larger than they will; "
        "null, or above image_size: image_size",
    )
    clip_norm: float = Field(1000, gt=0, description="largest global norm of the gradients")
    adaptive_clip: float | None = Field(
        None,
        gt=0,
        description="largest norm of a filter's gradient, as a share of the filter's norm, such as "
        "0.02 for NFNets; null: not clipped so",
    )
    validate_every: Positive = Field(
        1,
        description="epochs between validations by retrieval; only these epochs can be the best",
    )
    checkpoint_minutes: NotNegative = Field(
        5, description="minutes between checkpoints, from which a stopped run resumes"
    )
    max_hours: float | None = Field(
        None,
        gt=0,
        description="hours after which the command writes a checkpoint and stops; the same command "
        "resumes; null: it does not stop",
    )
    max_bad_steps: int = Field(
        10, ge=0, description="steps that are not finite and are left out before the run stops"
    )
    tensorboard: bool = Field(
        False, description="write TensorBoard's events beside the log (the extra `tensorboard`)"
    )
    shuffle_buffer: Positive = Field(
        8192, description="encoded images held for shuffling; another number gives another order"
    )
    restart: bool = Field(
        False,
        description="true: give up an unfinished training of other settings or photographs; "
        "it is kept as given_up/ in the run folder until the new one is finished",
    )


class Embed(Section):
    """How images become embeddings."""

    batch_size: Positive = Field(64, description="images a step")
    mirrored: bool = Field(False, description="embed the mirrored pictures too")
    engine: Literal["auto", "keras", "openvino", "onnx"] = Field(
        "auto",
        description="who runs the model; auto: on a CPU the fastest one that `export` has written "
        "for it, else keras; openvino and onnx are converted to where they are missing",
    )
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="of the computation; bfloat16 is openvino's only"
    )


class Rank(Section):
    """How embeddings become ranked individuals."""

    preset: Literal["default", "seed"] = Field(
        "default", description="seed: the original notebook's own rules, k=850 neighbours and all"
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
        "as the seed took nine, which flatters what is measured on these folds; null: all",
    )
    weights: Literal["given", "chosen"] = Field(
        "given", description="the members' weights as given, or chosen on out-of-fold scores"
    )
    new: Literal["seed", "column", "target_share", "per_species"] = Field(
        "seed",
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
    def _agree(self) -> Rank:
        if self.best_of > 1 and (self.ensemble == "average" or self.mirrored == "images"):
            raise ValueError(
                f"rank.best_of is {self.best_of}, which needs rank.ensemble=join and "
                "rank.mirrored none or joined: set it to 1"
            )
        return self


class Pseudo(Section):
    """Training again on confident predictions of the images to identify."""

    rounds: int = Field(
        0, ge=0, description="trainings on confident predictions, each after the one before"
    )
    round: Annotated[int, Field(ge=0)] | None = Field(
        None, description="which training a command means, 0 the first one; null: the last"
    )
    confidence: Share = Field(
        0.9, description="smallest probability of being right with which a prediction is a label"
    )
    duplicate: Share = Field(
        0.9,
        description="correlation of two thumbnails from which an image to identify is the same "
        "picture as one of the validation fold, and is left out",
    )

    @model_validator(mode="after")
    def _agree(self) -> Pseudo:
        if (self.round or 0) > self.rounds:
            raise ValueError(
                f"pseudo.round is {self.round}, above pseudo.rounds ({self.rounds}): raise that"
            )
        return self


class Report(Section):
    """The pages a person looks at."""

    queries: int = Field(200, ge=1, le=200, description="queries of the one-file report.html")
    page_size: Positive = Field(
        1000, description="queries a page of report/; decisions are kept page by page"
    )
    thumbnail: int = Field(320, ge=32, le=1024, description="longest side of a picture, pixels")
    references: Positive = Field(
        4, description="pictures of each candidate in report/, the nearest first"
    )
    why: bool = Field(
        False,
        description="identify: show in report/ what the score of each candidate rests on; "
        "`why` draws it for one pair",
    )


class Identify(Section):
    """What `identify` and `gallery` do with photographs."""

    boxes: str | None = Field(
        None,
        description="boxes of the photographs, in any format of data.boxes; null: boxes.csv in "
        "each folder of them where there is one",
    )
    detector: str | None = Field(
        None,
        description="weights of a detector, .pt or .onnx, for photographs and pictures of a "
        "catalogue that no table has a box of; null: those are used whole",
    )
    animals: Literal["all", "best"] = Field(
        "all",
        description="which boxes of a photograph are animals to identify: all, or the best one",
    )
    min_confidence: Share = Field(
        0.2,
        description="lowest confidence of a photograph's second and further boxes; the best counts "
        "whatever it has",
    )
    encounters: str | None = Field(
        None,
        description="photographs of one animal that are ranked together: folders, for one "
        "sub-folder each, or a table image,encounter; null: each for itself",
    )
    cache: str | None = Field(
        None,
        description="folder that keeps embeddings by model and picture; null: <output>/embedded",
    )
    photographs: str | None = Field(
        None,
        description="folder in which `gallery add` looks, by their content, for photographs that "
        "have moved since `identify`",
    )


class Quality(Section):
    """Below what a photograph is shown with a warning."""

    min_side: NotNegative = Field(
        96, description="shorter side of the crop, pixels of the photograph"
    )
    min_sharpness: NotNegative = Field(
        0.02,
        description="variance of the crop's Laplacian, as a share of its grey levels' variance, at "
        "128 pixels",
    )
    min_confidence: Share = Field(0.4, description="the detector's confidence in the box")


class Curate(Section):
    """What `gallery curate` lists."""

    count: Positive = Field(40, description="suspected duplicates and errors listed")
    map: Literal["pca", "umap"] = Field("pca", description="how the map is made; umap is an extra")


class Export(Section):
    """What `export` writes."""

    formats: tuple[Literal["savedmodel", "onnx", "openvino"], ...] = Field(
        ("savedmodel",),
        min_length=1,
        description="formats of the model: savedmodel, onnx, openvino",
    )
    photographs: str | None = Field(
        None,
        description="folder of photographs that the result is checked with; null: the catalogue's",
    )


class Download(Section):
    """What `download` fetches through the Kaggle client."""

    competition: str = Field("happy-whale-and-dolphin", description="competition of the images")
    dataset: str | None = Field(None, description="owner/name of a data set of TFRecords instead")
    to: str = Field("data/happywhale", description="folder the files go to")
    message: str = Field("tf_happywhale", description="message that goes with a submission")


class Member(Section):
    """A model of an ensemble."""

    path: str = Field(description="run folder, or a folder of train.npz and test.npz")
    weight: float = Field(1, gt=0, description="its share of the score, against the others'")


class Experiment(Section):
    """Everything one experiment depends on."""

    name: str = Field(
        "experiment", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="a name"
    )
    output: str = Field("output", description="folder for everything the experiment writes")
    seed: int = Field(42, ge=0, le=2**31 - 1, description="where every random number comes from")
    image_size: int = Field(512, ge=32, le=4096, description="side of the model's input, pixels")
    fold: Annotated[int, Field(ge=0)] | Literal["all"] = Field(
        0, description="the validation fold, or all for one model a fold"
    )
    members: tuple[Member, ...] = Field(
        (), description="models that rank together, each with path and weight; none: the folds'"
    )
    variants: tuple[dict[str, str | None], ...] = Field(
        (),
        description="experiments that are trained in this one's place and rank together, each by "
        "the keys in which it differs, such as {name: b0, model.backbone: b0}; keys on the "
        "command line hold for all; none: itself",
    )
    data: Data = Data()
    pod: Pod = Pod()
    detect: Detect = Detect()
    records: Records = Records()
    augment: Augment = Augment()
    model: Model = Model()
    train: Train = Train()
    embed: Embed = Embed()
    pseudo: Pseudo = Pseudo()
    rank: Rank = Rank()
    report: Report = Report()
    identify: Identify = Identify()
    quality: Quality = Quality()
    curate: Curate = Curate()
    export: Export = Export()
    download: Download = Download()

    @model_validator(mode="after")
    def _agree(self) -> Experiment:
        if self.name in ("pod", "records", "report", "detector"):
            raise ValueError(f"name is {self.name!r}, a folder of the output: take another name")
        if re.search(r"-round\d+$", self.name):
            raise ValueError(
                f"name is {self.name!r}, which ends as the folders of pseudo.rounds do: take "
                "another name"
            )
        if not self.output:
            raise ValueError("output is empty: name a folder, such as output/whales")
        if self.fold != "all" and self.fold >= self.data.folds:
            raise ValueError(f"fold {self.fold} does not exist: data.folds is {self.data.folds}")
        for low_high in (
            "crop_scale", "crop_ratio", "blur_size", "motion_blur_size", "noise_variance",
            "occlusion_area",
        ):  # fmt: skip
            low, high = getattr(self.augment, low_high)
            if not 0 < low <= high:
                raise ValueError(
                    f"augment.{low_high} is [{low}, {high}]: give the smaller first, above 0"
                )
        if self.model.region is not None:
            xmin, ymin, xmax, ymax = self.model.region
            if not (xmin < xmax and ymin < ymax):
                given = list(self.model.region)
                raise ValueError(
                    f"model.region is {given}, which has no area: give [xmin, ymin, xmax, ymax]"
                )
        sources = [self.records.source, *self.records.more_sources]
        if len(set(sources)) < len(sources):
            raise ValueError(f"records.more_sources names {sources} with one twice: name each once")
        for source in self.augment.crops:
            if source not in sources:
                raise ValueError(
                    f"augment.crops names {source!r}, which is not kept: add it to "
                    "records.more_sources"
                )
        if self.records.embed_source not in (None, "all", *sources):
            raise ValueError(
                f"records.embed_source is {self.records.embed_source!r}, which is not kept: add it "
                "to records.more_sources"
            )
        if self.augment.crops and sum(self.augment.crops.values()) <= 0:
            raise ValueError("augment.crops has no share above 0: give one")
        for sizes in ("blur_size", "motion_blur_size"):
            if any(size % 2 == 0 for size in getattr(self.augment, sizes)):
                given = list(getattr(self.augment, sizes))
                raise ValueError(f"augment.{sizes} is {given}: give odd sizes")
        if self.train.embedding_mixup and self.augment.mixup_p:
            raise ValueError(
                f"train.embedding_mixup is {self.train.embedding_mixup:g} and augment.mixup_p "
                f"{self.augment.mixup_p:g}, which do not go together: set one to 0"
            )
        lowest, highest = self.train.min_learning_rate, self.train.learning_rate
        if lowest > highest:
            raise ValueError(
                f"train.min_learning_rate is {lowest:g}, above train.learning_rate ({highest:g}): "
                "lower it"
            )
        return self

    @property
    def folds(self) -> list[int]:
        """The validation folds this experiment trains a model for."""
        return list(range(self.data.folds)) if self.fold == "all" else [self.fold]

    @property
    def round(self) -> int:
        """Which training this is: 0 on the catalogue alone, then on confident predictions too."""
        return self.pseudo.rounds if self.pseudo.round is None else self.pseudo.round

    def in_round(self, number: int, fold: int | None = None) -> Experiment:
        """The same experiment's own models of another training, of one fold if that is given."""
        pseudo = self.pseudo.model_copy(update={"round": number})
        alone = {} if fold is None else {"fold": fold, "members": ()}
        return self.model_copy(update={"pseudo": pseudo, **alone})


def variants_of(experiment: Experiment) -> list[Experiment]:
    """The experiments that are trained: the variants, or the experiment itself where it has none.

    Raises:
        ConfigError: a variant is not an experiment, or two have one name and fold.
    """
    if not experiment.variants:
        return [experiment]
    base = read_tree(dump_experiment(experiment.model_copy(update={"variants": ()})))
    found = []
    for changes in experiment.variants:
        tree = deepcopy(base)
        for key, value in changes.items():
            put_value(tree, key, value)
        found.append(_validated(tree))
    places = [(variant.name, fold) for variant in found for fold in variant.folds]
    for name, fold in places:
        if places.count((name, fold)) > 1:
            raise ConfigError(
                f"Two variants train {name}, fold {fold}: give each its own name, and none to all "
                "of them."
            )
    return found


def keys(section: type[Section] = Experiment, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every key of the experiment with its pydantic field, as `train.epochs`."""
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from keys(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def load_experiment(path: str | Path | None, overrides: list[str] = ()) -> Experiment:
    """Read a YAML file (None: defaults only), apply `key=value` overrides, and check it all.

    An override holds for all variants of the file, those that have a value of their own too.

    Raises:
        ConfigError: one sentence that names the key, its value and what is allowed.
    """
    tree = read_yaml(Path(path)) if path is not None else {}
    for override in overrides:
        put_override(tree, override)
    given = [override.partition("=")[0].strip() for override in overrides]
    if "variants" in tree and "variants" not in given:
        tree["variants"] = _give_way(tree["variants"], given)
    experiment = _validated(tree)
    variants_of(experiment)
    return experiment


def _give_way(variants: Any, given: list[str]) -> Any:
    """The variants of the file, without the keys that the command line gives. Those that differed
    in nothing else become one, such as the folds of one network with `fold=0`.

    Raises:
        ConfigError: one gives a part of what a variant gives as a whole.
    """
    if not isinstance(variants, list) or not all(isinstance(each, dict) for each in variants):
        return variants  # which is refused when all is checked
    left: list[dict] = []
    for variant in variants:
        kept = {}
        for own, value in variant.items():
            if any(key.startswith(f"{own}.") for key in given):
                raise ConfigError(
                    f"A variant of the config gives all of {own}: give all of it on the command "
                    f"line too, as {own}={{…}}."
                )
            if not any(f"{own}.".startswith(f"{key}.") for key in given):
                kept[own] = value
        if kept == variant or kept not in left:
            left.append(kept)
    return left


def _validated(tree: dict) -> Experiment:
    try:
        experiment = Experiment.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(sentence(error.errors()[0], dict(keys()))) from None
    refuse_addresses(experiment.model_dump(mode="json", exclude={"variants"}))
    return experiment


def dump_experiment(experiment: Experiment) -> str:
    """The resolved experiment as YAML text that `load_experiment` reads back to the same."""
    tree = experiment.model_dump(mode="json")
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)
