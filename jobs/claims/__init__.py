"""Claims of a night and the warnings they make.

`claims_on` in `jobs.claims.finding` is a pure function of the layers as of a night, the models, and what else was
known: for a date, for past dates, and for drafts alike.
"""
