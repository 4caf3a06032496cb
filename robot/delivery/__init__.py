"""Alerts on their way to people: what is sent, by which channels, and until when."""
