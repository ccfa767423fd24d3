"""What the report draws: a module for each part of a study, a function for each figure."""
