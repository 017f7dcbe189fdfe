"""Networks: backbones with their weights, GeM, the embedder, and the ArcFace head."""
