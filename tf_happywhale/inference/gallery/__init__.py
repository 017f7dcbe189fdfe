"""The gallery as models see it: built, renewed, searched, rated."""
