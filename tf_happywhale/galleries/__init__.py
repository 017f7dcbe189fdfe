"""Galleries: embedded reference images in a folder, which can be searched, extended, corrected."""
