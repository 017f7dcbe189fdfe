"""Networks: backbones and their weights, Keras layers, the embedder, and its heads."""
