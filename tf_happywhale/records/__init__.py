"""Crops, the TFRecords they are kept in, and the batches that come out of them."""
