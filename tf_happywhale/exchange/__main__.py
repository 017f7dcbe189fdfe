"""`python -m tf_happywhale.exchange`: the command exchange, which is in `exchange_command.py`
because this room has its name."""

from __future__ import annotations

from tf_happywhale.exchange_command import start

if __name__ == "__main__":
    start()
