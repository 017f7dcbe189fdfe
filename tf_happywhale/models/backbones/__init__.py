"""Backbones: networks from pictures to feature maps."""
