"""What can go wrong in a way that a person can mend: one sentence, with the fix in it."""

from __future__ import annotations


class HappywhaleError(ValueError):
    """Base of the errors that commands print as one sentence, without a traceback."""


class ConfigError(HappywhaleError):
    """An experiment that cannot be read: unknown key, wrong type, value out of range."""


class InputError(HappywhaleError):
    """Files that are missing, broken, or do not belong together."""


class TrainingError(HappywhaleError):
    """Training that cannot go on, such as a loss that is not finite."""
