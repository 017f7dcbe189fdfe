"""Keras layers that Keras does not have; each is registered, so that Keras can load our models."""
