"""When and in what order. No logic: tasks call jobs."""
