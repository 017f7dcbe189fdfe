"""Print docs/config.md: the keys that people change most, then all keys with their defaults."""

from __future__ import annotations

from pydantic.fields import FieldInfo

from tf_happywhale.config import Experiment, keys
from tf_happywhale.config.errors_in_words import allowed

ABOUT = """\
# Keys of the config

A config is a YAML file with these keys. Each can be changed on the command line as `key=value`:

    happywhale run configs/demo.yaml image_size=160 train.epochs=40

A config says only what differs from the defaults, or from another config that `base` names:

    base: right_whale.yaml
    name: larger
    image_size: 224

`base` is looked for in the folder of the config, then in `configs/`. Sections are joined key by
key. A list or a table of the config replaces that of its base.

## The ten keys that people change
"""
TEN = {
    "data.root": ("your folder with train.csv and the photographs", "photos"),
    "output": ("everything is written here", "output/whales"),
    "records.source": ("which boxes are cropped; whole: none", "backfin"),
    "image_size": ("larger shows finer marks, and takes longer", "384"),
    "model.backbone": ("the network; larger ones take longer and need more memory", "v2_s"),
    "model.weights": ("where training starts, such as your last model", "output/old/old/fold0"),
    "train.epochs": ("how long training takes", "40"),
    "train.batch_size": ("smaller if memory runs out", "16"),
    "train.learning_rate": ("smaller if the loss becomes infinite, or for a trained model", "3e-4"),
    "fold": ("which fold is held out; all: one model for each", "all"),
}


def main() -> None:
    """Print the page."""
    known = dict(keys())
    print(f"{ABOUT}\n| key | default | what it is for | example |\n|---|---|---|---|")
    for key, (purpose, example) in TEN.items():
        print(f"| `{key}` | `{_default(known[key])}` | {purpose} | `{key}={example}` |")
    section = None
    for key, field in known.items():
        head = key.rpartition(".")[0]
        if head != section:
            section = head
            about = Experiment.model_fields[head].annotation.__doc__ if head else ""
            print(f"\n## {f'`{head}`' if head else 'The experiment'}\n")
            if about:
                print(" ".join(about.split()), end="\n\n")
            print("| key | default | allowed | meaning |\n|---|---|---|---|")
        rule, meaning = (text.replace("|", r"\|") for text in (allowed(field), field.description))
        print(f"| `{key}` | `{_default(field)}` | {rule} | {meaning} |")


def _default(field: FieldInfo) -> object:
    default = "null" if field.default is None else field.default
    return list(default) if isinstance(default, tuple) else default


if __name__ == "__main__":
    main()
