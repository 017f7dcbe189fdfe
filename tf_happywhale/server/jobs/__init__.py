"""Jobs: the package's commands, run one at a time as child processes."""
