"""The detector, which finds the animals in a photograph; the only room that uses ultralytics."""
