"""Which model is meant: a run folder, an exported one, a published one, or an untaught one."""
