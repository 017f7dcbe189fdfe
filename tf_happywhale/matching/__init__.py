"""Local matching: points of pictures, which of them correspond, and what that says of a pair."""
