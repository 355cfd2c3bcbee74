"""Clocks: the written plan of reminders and escalations, the steps taken by it, and the ledger of pauses."""
