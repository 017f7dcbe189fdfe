"""The commands that build the gallery, and that check it."""

from __future__ import annotations

from tf_happywhale.server.home.home import MODEL, Home
from tf_happywhale.server.requests.answers import contradiction


def renew_words(home: Home, model: str | None) -> list[str]:
    """Return the command that builds the gallery, or builds it again.

    Args:
        home: the home folder.
        model: the word MODEL; None: the chosen one.

    Raises:
        HTTPException: 409 if there is no catalogue.
        InputError: the catalogue has boxes of several kinds, and nobody has chosen.
    """
    from tf_happywhale.server.catalogue.box_source import source_setting

    if home.catalogue is None:
        raise contradiction("There is no catalogue yet: make or choose one first.")
    word = model or home.store.setting(MODEL)
    return [
        *("gallery", "renew"),
        *([word] if word else []),
        str(home.catalogue),
        str(home.gallery),
        f"output={home.folder}",
        f"identify.cache={home.embedded}",
        *source_setting(home, word),
    ]


def curate_words(home: Home) -> list[str]:
    """Return the command that writes HOME/curation."""
    return ["gallery", "curate", str(home.gallery), f"output={home.folder}"]
