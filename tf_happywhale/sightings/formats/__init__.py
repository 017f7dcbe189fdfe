"""Capture histories and groups as the files of other programs, a file for each program."""
