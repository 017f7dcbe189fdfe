"""What stays in a home folder: its files, its database, and its folders."""
