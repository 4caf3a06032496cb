"""Reminders: what is due, what was said and answered, and whom to tell when nobody answers."""
