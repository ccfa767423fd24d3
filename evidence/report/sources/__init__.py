"""What the chapters show, read from the records: a module for each part of a study."""
