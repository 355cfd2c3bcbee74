"""What belongs to a case as a whole: its story, its referrals, its end."""
