"""What to say, and when."""
