"""What everyone in the hall sees and hears: the boards and the voice."""
