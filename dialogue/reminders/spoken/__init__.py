"""Reminders that somebody asks for by voice: what they want, when, and whether to keep it."""
