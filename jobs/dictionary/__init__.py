"""The data dictionary: what every field and column means, what it is made from and what is made from it."""

from jobs.dictionary.page import dictionary_page

__all__ = ["dictionary_page"]
