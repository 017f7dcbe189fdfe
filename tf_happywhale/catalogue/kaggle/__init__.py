"""Kaggle's files: the competition, the community's TFRecords, and the sample submission."""
