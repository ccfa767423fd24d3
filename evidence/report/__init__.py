"""The report: records of a study in, an article (LaTeX, PDF) and the same as a page out.

`sources/` reads the records, one file for each part of a study; `chapters/` holds the words, whose
numbers and verdicts come from sources alone; `figures/` draws; `command.py` puts it together.
"""
