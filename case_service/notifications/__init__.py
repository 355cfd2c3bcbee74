"""Messages to staff: an inbox for everybody, and a way out over the channels that a city opens."""
