"""The config: one typed schema, strict keys, and the only home of defaults."""

from tf_happywhale.config.schema import *  # noqa
