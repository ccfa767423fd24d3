"""Watches how much is outstanding, sets the level, and brings lost jobs back."""
