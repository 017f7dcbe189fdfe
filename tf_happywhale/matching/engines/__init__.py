"""What runs the networks: Keras, or OpenVINO where it is installed."""
