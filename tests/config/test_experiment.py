from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from tf_happywhale.config import (
    Augment,
    Experiment,
    as_trained,
    dump_experiment,
    keys,
    load_experiment,
    variants_of,
)
from tf_happywhale.errors import ConfigError


@pytest.fixture
def from_yaml(tmp_path: Path):
    def load(text: str, *overrides: str) -> Experiment:
        path = tmp_path / "config.yaml"
        path.write_text(text, encoding="utf-8")
        return load_experiment(path, list(overrides))

    return load


def refusal(*overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_experiment(None, list(overrides))
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("train.epochs=0", ["train.epochs", "'0'", "whole number", "at least 1"]),
        ("train.epochs=2.5", ["train.epochs", "'2.5'", "whole number"]),
        ("train.epochs=many", ["train.epochs", "'many'", "whole number"]),
        ("train.learning_rate=quick", ["train.learning_rate", "'quick'", "a number above 0"]),
        ("train.learning_rate=nan", ["train.learning_rate", "'nan'", "a number"]),
        ("train.learning_rate=inf", ["train.learning_rate", "'inf'", "a number"]),
        ("pseudo.round=2", ["pseudo.round is 2", "pseudo.rounds (0)", "raise that"]),
        ("variants=[{name: a}, {name: a}]", ["Two variants train a, fold 0", "its own name"]),
        ("variants=[{model.backbone: b9}]", ["model.backbone", "'b9'", "b5, b6, b7"]),
        ("variants=[{backbone: b0}]", ["Unknown key 'backbone'", "model.backbone"]),
        ("train.freeze_epochs=-1", ["train.freeze_epochs", "'-1'", "whole number at least 0"]),
        ("train.freeze_epochs=0.5", ["train.freeze_epochs", "'0.5'", "whole number"]),
        ("train.balance=2", ["train.balance", "'2'", "at most 1"]),
        ("model.dynamic_margin=[1, 2]", ["model.dynamic_margin", "a list of 3"]),
        ("model.margin=2", ["model.margin", "'2'", "at least 0", "below 1.5708"]),
        ("model.backbone=b9", ["model.backbone", "'b9'", "b5, b6, b7, l2, v2_s"]),
        ("augment.enabled=perhaps", ["augment.enabled", "'perhaps'", "true or false"]),
        ("augment.flip_p=1.5", ["augment.flip_p", "'1.5'", "at least 0 and at most 1"]),
        ("augment.crop_scale=0.9", ["augment.crop_scale", "'0.9'", "a list of 2", "at most 1"]),
        ("augment.crop_scale=[0.9]", ["augment.crop_scale", "a list of 2"]),
        ("augment.crop_scale=[0.9,2]", ["augment.crop_scale", "'2'", "at most 1"]),
        ("augment.crop_scale=[1,0.9]", ["augment.crop_scale", "[1.0, 0.9]", "smaller first"]),
        ("augment.crop_ratio=[0,1]", ["augment.crop_ratio", "[0.0, 1.0]", "above 0"]),
        ("augment.crops={fullbody: much}", ["augment.crops", "a table {name: a number"]),
        ("augment.crops={backfin: 1}", ["'backfin'", "add it to records.more_sources"]),
        ("augment.crops={fullbody: 0}", ["augment.crops", "no share above 0"]),
        (
            "records.more_sources=backfin",
            ["records.more_sources", "'backfin'", "a list, each"],
        ),
        ("records.more_sources=[fullbody]", ["records.more_sources", "name each once"]),
        ("records.embed_source=whole", ["records.embed_source", "'whole'", "more_sources"]),
        ("records.engine=spark", ["records.engine", "'spark'", "local, beam"]),
        ("data.boxes=[a, b]", ["data.boxes", "text or a table {name: text, …} or null"]),
        ("records.size=8", ["records.size", "'8'", "at least 16 and at most 4096", "null"]),
        ("data.root=[a]", ["data.root", "['a']", "text or null"]),
        ("name=null", ["name", "None", "text"]),
        ("name=a b", ["name", "'a b'", "text matching"]),
        ("seed=1e3", ["seed", "'1e3'", "whole number"]),
        ("fold=some", ["fold", "'some'", "whole number", "all"]),
        ("fold=-1", ["fold", "'-1'", "at least 0", "all"]),
        ("fold=5", ["fold 5", "data.folds is 5"]),
        ("train=3", ["train is a section", "train.epochs"]),
        ("train.epochs", ["'train.epochs'", "key=value"]),
        ("augment.crop_scale=[0.9", ["augment.crop_scale=[0.9", "[a, b]"]),
    ],
)
def test_a_refused_value_is_one_sentence_with_key_value_and_what_is_allowed(
    override: str, said: list[str]
) -> None:
    sentence = refusal(override)
    for words in said:
        assert words in sentence


def test_pictures_and_embeddings_are_not_mixed_at_once() -> None:
    sentence = refusal("train.embedding_mixup=0.2", "augment.mixup_p=0.5")
    assert "train.embedding_mixup is 0.2 and augment.mixup_p 0.5" in sentence


def test_random_weights_are_not_frozen() -> None:
    sentence = refusal("model.weights=none", "train.freeze_epochs=2")
    assert "train.freeze_epochs is 2, but model.weights=none starts from random" in sentence
    assert load_experiment(None, ["train.freeze_epochs=99"]).train.freeze_epochs == 99


def test_a_learning_rate_that_ends_above_its_start_is_refused() -> None:
    sentence = refusal("train.learning_rate=1e-6", "train.min_learning_rate=1e-5")
    assert "train.min_learning_rate" in sentence
    assert "train.learning_rate" in sentence


@pytest.mark.parametrize(
    ("override", "nearest"),
    [
        ("train.epoch=3", "train.epochs"),
        ("epochs=3", "train.epochs"),
        ("batchsize=3", "train.batch_size"),
        ("learning-rate=3", "train.learning_rate"),
        ("model.backbon=b0", "model.backbone"),
        ("sede=3", "seed"),
        ("traim.epochs=3", "train.epochs"),
        ("train.backbone=b0", "model.backbone"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_valid_one(override: str, nearest: str) -> None:
    sentence = refusal(override)
    assert override.partition("=")[0] in sentence
    assert f"the nearest is '{nearest}'" in sentence


def test_an_unknown_key_like_no_other_lists_the_sections() -> None:
    sentence = refusal("xyzzy=3")
    assert "'xyzzy'" in sentence
    assert "records" in sentence


def test_an_unknown_key_in_a_file_is_refused(from_yaml) -> None:
    with pytest.raises(ConfigError, match=r"'train.epoch'.*'train.epochs'"):
        from_yaml("train:\n  epoch: 3\n")


@pytest.mark.parametrize("written", ["1e-4", "1E-4", "0.0001", "1.0e-4", ".0001"])
def test_every_way_to_write_a_float_is_one(written: str, from_yaml) -> None:
    assert from_yaml(f"train: {{learning_rate: {written}}}").train.learning_rate == 1e-4
    command_line = load_experiment(None, [f"train.learning_rate={written}"])
    assert command_line.train.learning_rate == 1e-4


@pytest.mark.parametrize("text", ["0123", "1e10", "no", "true", "12", "1.50", "2024-01-01", "0x1F"])
def test_text_stays_text_in_files_and_on_the_command_line(text: str, from_yaml) -> None:
    for experiment in (
        from_yaml(f"name: {text}\noutput: {text}\ndata: {{root: {text}}}\n"),
        load_experiment(None, [f"name={text}", f"output={text}", f"data.root={text}"]),
    ):
        assert experiment.name == text
        assert experiment.output == text
        assert experiment.data.root == text


def test_no_is_a_boolean_where_one_is_asked_for(from_yaml) -> None:
    assert from_yaml("augment: {enabled: no}").augment.enabled is False
    assert load_experiment(None, ["model.easy_margin=true"]).model.easy_margin is True


def test_null_is_nothing_unless_quoted(from_yaml) -> None:
    changed = from_yaml("data: {root: null, boxes: ~}\nrecords: {size: 64}\n", "records.size=null")
    assert changed.data.root is None
    assert changed.data.boxes is None
    assert changed.records.size is None
    assert from_yaml('data: {root: "null"}').data.root == "null"


def test_overrides_win_over_the_file_and_later_ones_over_earlier(from_yaml) -> None:
    experiment = from_yaml(
        "image_size: 64\ntrain:\n  epochs: 2\n  batch_size: 4\n",
        "train.epochs=3",
        "train.epochs=7",
        "augment.crop_scale=[0.5, 1]",
        "output=a=b",
    )
    assert (experiment.image_size, experiment.train.epochs, experiment.train.batch_size) == (
        64,
        7,
        4,
    )
    assert experiment.augment.crop_scale == (0.5, 1)
    assert experiment.output == "a=b"


def test_what_is_dumped_loads_to_the_same(tmp_path: Path) -> None:
    experiment = load_experiment(
        None,
        [
            "name=0123",
            "output=no",
            "data.root=/île/1e10",
            "data.boxes=null",
            "train.learning_rate=1e-4",
            "train.weight_decay=1e-6",
            "rank.threshold=-0.5",
            "fold=all",
            "augment.crop_scale=[0.5,1]",
            "augment.enabled=false",
        ],
    )
    path = tmp_path / "config.yaml"
    path.write_text(dump_experiment(experiment), encoding="utf-8")
    assert load_experiment(path) == experiment


@pytest.mark.parametrize("name", ["round1", "x-round", "x-round1-b", "x-roundabout2"])
def test_other_names_with_a_round_in_them_are_names(name: str) -> None:
    assert load_experiment(None, [f"name={name}"]).name == name


def test_the_folds_of_an_experiment() -> None:
    assert load_experiment(None, ["fold=3"]).folds == [3]
    assert load_experiment(None, ["fold=all", "data.folds=3"]).folds == [0, 1, 2]


def test_an_experiment_is_fixed() -> None:
    with pytest.raises(ValidationError):
        load_experiment(None).train.epochs = 3


def test_a_missing_file_is_refused_with_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "there.yaml").write_text("")
    with pytest.raises(ConfigError, match=r"no config file .*absent\.yaml; .*there\.yaml"):
        load_experiment(tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    "text", ["train: [\n", "- a\n- b\n", "just text\n", "name: !!python/object:os.system x\n"]
)
def test_a_file_that_is_no_mapping_of_plain_values_is_refused(text: str, from_yaml) -> None:
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        from_yaml(text)


def test_an_empty_file_is_the_defaults_and_a_byte_order_mark_is_fine(from_yaml) -> None:
    assert from_yaml("") == Experiment()
    assert from_yaml("\ufeffseed: 7\r\n").seed == 7


def test_an_empty_section_is_told_from_a_value(from_yaml) -> None:
    with pytest.raises(ConfigError, match=r"^train is a section: give its keys"):
        from_yaml("train:\n")


def test_every_key_has_a_description() -> None:
    described = dict(keys())
    assert {"data.root", "output", "seed", "image_size", "fold", "model.backbone"} <= set(described)
    assert [key for key, field in described.items() if not field.description] == []


def test_augmentation_starts_from_the_originals_parameters() -> None:
    chosen = Augment().model_dump()
    original = {
        "enabled": True,
        "affine_p": 0.5,
        "rotate": 15,
        "translate": 0.25,
        "shear": 3,
        "crop_scale": (0.9, 1.0),
        "crop_ratio": (0.75, pytest.approx(4 / 3, abs=1e-6)),
        "grey_p": 0.1,
        "blur_p": 0.07,
        "noise_p": 0.07,
        "grid_shuffle_p": 0.28,
        "brightness_contrast_p": 0.5,
        "brightness": 0.2,
        "contrast": 0.2,
        "flip_p": 0.1,
    }
    assert {key: chosen[key] for key in original} == original
    added = {key: value for key, value in chosen.items() if key not in original}
    assert all(value == 0 for key, value in added.items() if key.endswith("_p"))
    assert added["crops"] == {}


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("name=report", "name is 'report', a folder of the output"),
        ("name=x-round1", "name is 'x-round1', which ends as the folders of pseudo.rounds do"),
        ("variants=[{name: x-round12}]", "name is 'x-round12', which ends"),
        ("output=", "output is empty"),
        ("seed=99999999999999999999", "seed is '99999999999999999999', but it must be"),
        ("model.region=[0.6, 0, 0.4, 1]", "model.region is [0.6, 0.0, 0.4, 1.0], which has no"),
    ],
)
def test_what_would_fail_later_is_refused_at_once(override: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_experiment(None, [override])
    assert says in str(refused.value)


@pytest.mark.parametrize("text", ["seed: 1\nseed: 2\n", "train: {epochs: 1, epochs: 2}\n"])
def test_a_key_given_twice_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "twice.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="twice"):
        load_experiment(tmp_path / "twice.yaml")


def test_an_empty_section_can_be_overridden(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("train:\n", encoding="utf-8")
    assert load_experiment(tmp_path / "empty.yaml", ["train.epochs=3"]).train.epochs == 3


def test_a_section_on_the_command_line_gives_only_the_keys_in_it(from_yaml) -> None:
    text = (
        "train: {epochs: 7, weight_decay: 0.1}\ndata: {columns: {image: a, species: b}}\n"
        "variants: [{name: a, train.batch_size: 4}, {name: b, train.epochs: 9}]\n"
    )
    read = from_yaml(text, "train={epochs: 3}", "train.clip_norm=2")
    assert (read.train.epochs, read.train.weight_decay, read.train.clip_norm) == (3, 0.1, 2)
    assert [each.train.batch_size for each in variants_of(read)] == [4, read.train.batch_size]
    assert [each.train.epochs for each in variants_of(read)] == [3, 3]
    assert from_yaml(text, "data.columns={image: c}").data.columns == {"image": "c"}


NULL = [key for key, field in keys() if type(None) in get_args(field.annotation)]


@pytest.mark.parametrize("key", [key for key in NULL if key != "data.encoding"])
def test_an_empty_text_is_not_taken_for_null_nor_for_the_current_folder(key: str) -> None:
    assert key in refusal(f"{key}=")
    assert load_experiment(None, [f"{key}=null"])


def test_variants_and_downloads_have_no_empty_path() -> None:
    assert "records.dir is empty" in refusal("variants=[{records.dir: ''}]")
    assert "download.to" in refusal("download.to=")


def test_members_of_an_ensemble_are_a_list(tmp_path: Path) -> None:
    config = tmp_path / "ensemble.yaml"
    config.write_text("members:\n  - {path: runs/b6, weight: 2}\n  - path: runs/v2\n")
    read = load_experiment(config)
    assert [(member.path, member.weight) for member in read.members] == [
        ("runs/b6", 2.0), ("runs/v2", 1.0),
    ]  # fmt: skip
    config.write_text(dump_experiment(read))
    assert load_experiment(config) == read
    with pytest.raises(ConfigError, match="members is 'a', but it must be a list, each with path"):
        load_experiment(None, ["members=[a, b]"])


def test_the_mean_of_several_images_needs_joined_members() -> None:
    with pytest.raises(ConfigError, match=r"rank\.best_of is 3.*set it to 1"):
        load_experiment(None, ["rank.best_of=3", "rank.ensemble=average"])


def test_a_command_means_the_last_round_unless_another_is_named() -> None:
    plain, two = load_experiment(None), load_experiment(None, ["pseudo.rounds=2"])
    assert (plain.round, two.round) == (0, 2)
    assert load_experiment(None, ["pseudo.rounds=2", "pseudo.round=1"]).round == 1
    assert two.in_round(0).round == 0
    assert two.in_round(1, fold=3).folds == [3]


def test_variants_differ_in_the_keys_they_name(from_yaml) -> None:
    experiment = from_yaml(
        "name: both\nseed: 3\nvariants:\n"
        "  - {name: first, fold: 1, model.embedding_size: null}\n"
        "  - {name: second, augment.crop_scale: '[0.5, 1]', train.learning_rate: 1e-3}\n",
        "train.epochs=7",
    )
    first, second = variants_of(experiment)
    assert (first.name, first.folds, first.model.embedding_size) == ("first", [1], None)
    assert (second.name, second.folds, second.augment.crop_scale) == ("second", [0], (0.5, 1.0))
    assert second.train.learning_rate == 1e-3
    for variant in (first, second):
        assert (variant.seed, variant.train.epochs, variant.variants) == (3, 7, ())
    again = load_experiment(None, ["variants=[{name: a}]"])
    assert variants_of(again)[0] == again.model_copy(update={"name": "a", "variants": ()})


VARIANTS = """name: both
variants:
  - {name: first, fold: 0, image_size: 96, augment.crops: "{fullbody: 1}"}
  - {name: second, fold: 1, model.backbone: b0}
"""


def test_the_command_line_wins_over_a_variants_own_keys(from_yaml) -> None:
    first, second = variants_of(from_yaml(VARIANTS, "image_size=64", "model.backbone=b1"))
    assert [(each.image_size, each.model.backbone) for each in (first, second)] == [(64, "b1")] * 2
    assert (first.augment.crops, first.name, second.fold) == ({"fullbody": 1.0}, "first", 1)
    changed = from_yaml(VARIANTS, "augment={crops: {fullbody: 0.5}}")
    assert variants_of(changed)[0].augment.crops == {"fullbody": 0.5}


@pytest.mark.parametrize(("fold", "folds"), [("1", [1]), ("all", [0, 1, 2, 3, 4])])
def test_variants_that_differed_in_what_is_given_are_one(from_yaml, fold: str, folds: list) -> None:
    text = "variants: [{name: a, fold: 0}, {name: a, fold: 1}, {name: b}]\n"
    found = variants_of(from_yaml(text, f"fold={fold}"))
    assert [(variant.name, variant.folds) for variant in found] == [("a", folds), ("b", folds)]


def test_variants_on_the_command_line_differ_from_the_rest_of_it() -> None:
    experiment = load_experiment(None, ["image_size=64", "variants=[{name: a, image_size: 96}]"])
    assert [variant.image_size for variant in variants_of(experiment)] == [96]


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("name=mine", "Two variants train mine"),
        ("augment.crops.fullbody=0.5", "A variant of the config gives all of augment.crops"),
    ],
)
def test_what_variants_cannot_share_is_refused(from_yaml, override: str, says: str) -> None:
    text = VARIANTS.replace("fold: 1, ", "fold: 0, ")
    with pytest.raises(ConfigError, match=says):
        from_yaml(text, override)
    with pytest.raises(ConfigError, match="variants"):
        from_yaml("variants: [a, b]\n", override)


def test_without_variants_an_experiment_is_its_own() -> None:
    experiment = load_experiment(None)
    assert variants_of(experiment) == [experiment]


@pytest.mark.parametrize(
    "override",
    [
        "data.root=gs://bucket/whales",
        "output=s3://bucket/out",
        "members=[{path: gs://bucket/run}]",
        "data.boxes={fullbody: https://example.org/boxes.csv}",
        "model.weights=gs://bucket/model.safetensors",
        "variants=[{name: a, records.dir: gs://bucket/records}]",
        "identify.encounters=file:///trips.csv",
    ],
)
def test_an_address_is_not_a_path_and_is_refused_with_its_key(override: str) -> None:
    with pytest.raises(ConfigError, match=r"'\w+://[^']+', an address\. .* copy them here"):
        load_experiment(None, [override])


def test_weights_on_the_hub_and_messages_may_be_addresses() -> None:
    overrides = ["model.weights=hf://timm/eca_nfnet_l2.ra3_in1k", "download.message=see http://x"]
    assert load_experiment(None, overrides).model.weights.startswith("hf://")


def test_a_pattern_of_names_is_text() -> None:
    found = load_experiment(None, ["data.tfrecords_pattern={split}-{fold}-{count}.tfrec"])
    assert found.data.tfrecords_pattern == "{split}-{fold}-{count}.tfrec"


FURTHER = """\
image_size: 64
records: {size: 64}
pseudo:
  rounds: 1
  settings: {train.epochs: 12, image_size: 80, augment.crop_scale: "[0.5, 1]"}
"""


def test_a_further_training_differs_in_the_keys_that_are_set_for_it(from_yaml) -> None:
    experiment = from_yaml(FURTHER)
    further = as_trained(experiment)
    assert (further.train.epochs, further.image_size) == (12, 80)
    assert further.augment.crop_scale == (0.5, 1)
    assert as_trained(further) == further  # as the run folder keeps it
    first = experiment.in_round(0)
    assert as_trained(first) == first


def test_the_command_line_wins_over_a_further_trainings_keys(from_yaml) -> None:
    further = as_trained(from_yaml(FURTHER, "train.epochs=2"))
    assert (further.train.epochs, further.image_size) == (2, 80)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("{model.backbone: b0}", "'model.backbone': a further training can differ in image_size"),
        ("{train.epochs: none}", "train.epochs is 'none'"),
        ("{train.epoch: 3}", "the nearest is 'train.epochs'"),
        ("{image_size: 96}", "set records.size"),
    ],
)
def test_settings_of_a_further_training_are_checked(setting: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        load_experiment(None, ["pseudo.rounds=1", f"pseudo.settings={setting}"])
