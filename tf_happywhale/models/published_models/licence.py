"""The licence of a published model: what a person reads before its first use."""

from __future__ import annotations

from tf_happywhale.errors import InputError
from tf_happywhale.models.published_models.table import PublishedModel

UNKNOWN = "not known"


def is_limited(published: PublishedModel) -> bool:
    """Return whether a person has to accept the licence: it forbids something, or is not known."""
    return bool(published.restricted) or not published.licence


def where(published: PublishedModel) -> str:
    """Return where a model is published, in words."""
    return f"published at {published.source}" if published.source else "not at any known address"


def licence_lines(published: PublishedModel) -> list[str]:
    """Return on which terms a model is published, as lines."""
    return [
        f"{published.name}: {published.network}, {where(published)}",
        f"trained on: {published.trained_on}",
        f"licence: {published.licence or UNKNOWN}",
        *([f"restriction: {published.restricted}"] if published.restricted else []),
    ]


def licence_text(published: PublishedModel, sha256: str) -> str:
    """Return the text that is kept in the model's folder.

    Args:
        published: the model.
        sha256: of the file that was converted.
    """
    accepted = ["These terms were accepted when the model was fetched."]
    lines = [
        *licence_lines(published),
        f"converted from: {published.file} (SHA-256 {sha256})",
        "These terms hold for the converted model too.",
        *(accepted if is_limited(published) else []),
    ]
    return "\n".join(lines) + "\n"


def check_accepted(published: PublishedModel, accepted: bool) -> None:
    """Raise InputError if a person has to accept the licence, and has not."""
    if is_limited(published) and not accepted:
        page = published.source.replace("hf://", "https://huggingface.co/")
        raise InputError(
            f"The licence of {published.name} ({published.licence or UNKNOWN}) has not been "
            f"accepted yet: read {page or 'what its makers say'}, and add --accept if your use "
            "agrees with it."
        )
