"""Small helpers that every part of the kit shares."""
