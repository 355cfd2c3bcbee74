// A page opened from a folder may not read the others: a search then shows what it found without the lines around it.
DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = location.protocol !== "file:";
