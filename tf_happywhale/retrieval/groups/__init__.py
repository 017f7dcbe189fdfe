"""Groups of images that show one animal, where no animal is known."""
