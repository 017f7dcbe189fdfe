"""Print docs/config.md: every key of the config with its default, what is allowed, and meaning."""

from __future__ import annotations

from tf_happywhale.config import Experiment, keys
from tf_happywhale.config.errors_in_words import allowed


def main() -> None:
    """Print the page."""
    print("# Every key of the config\n")
    print(
        "Made from the code by `make docs`. A config file is YAML with these keys; any of them\n"
        "can be overridden on the command line as `key=value`, such as `train.epochs=30`."
    )
    section = None
    for key, field in keys():
        head = key.rpartition(".")[0]
        if head != section:
            section = head
            title = f"`{head}`" if head else "The experiment"
            about = Experiment.model_fields[head].annotation.__doc__ if head else ""
            print(f"\n## {title}\n\n{about}\n" if about else f"\n## {title}\n")
            print("| key | default | allowed | meaning |\n|---|---|---|---|")
        default = "null" if field.default is None else field.default
        default = list(default) if isinstance(default, tuple) else default
        rule = allowed(field).replace("|", "\\|")
        meaning = (field.description or "").replace("|", "\\|")
        print(f"| `{key}` | `{default}` | {rule} | {meaning} |")


if __name__ == "__main__":
    main()
