"""The designed experiment that `anova` analyses: a design, its books, its runs."""
