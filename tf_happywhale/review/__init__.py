"""The pages that people look at: reports of queries, and the curators' page."""
