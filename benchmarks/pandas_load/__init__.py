"""The script that a data team writes with pandas, to the same end: typed and checked extracts, dwd and dws.

Vectorised wherever a practised pandas user would: the usual form of a date or amount is read for
the whole column at once, only what is left is looked at again; keys are made once for each person.
It leaves out what such scripts leave out: file hashes, judging whole batches, Data Docs, lists for
the departments, the sealed vault, row versions to compare with tomorrow.
"""
