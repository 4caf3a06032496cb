"""Ears and voice: from sound to words, and from words to sound."""
