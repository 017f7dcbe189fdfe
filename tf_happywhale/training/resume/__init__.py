"""Training that was stopped: what is kept, and how it resumes or ends."""
