"""Training: devices, schedule, the loop, validation by retrieval, and what a run leaves behind."""
