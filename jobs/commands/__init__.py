"""The groups of commands of `shouwang`, one file each."""
