"""`python -m tf_happywhale.models`: the command models, which is in `published.py` because this
room has its name."""

from __future__ import annotations

from tf_happywhale.published import start

if __name__ == "__main__":
    start()
