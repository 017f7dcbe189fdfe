"""The detector: where in a photograph the animal is. The only room that knows ultralytics."""
