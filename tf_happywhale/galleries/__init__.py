"""The gallery: embedded reference images in a folder, searched, added to and put right."""
