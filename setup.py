"""The packages of a wheel: tf_happywhale, and the folder configs/ as a part of it."""

from setuptools import find_packages, setup

setup(packages=[*find_packages(include=["tf_happywhale*"]), "tf_happywhale.configs"])
