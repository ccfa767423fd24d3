"""`anova`: a linear model of the runs of an experiment, and its analysis of variance."""
