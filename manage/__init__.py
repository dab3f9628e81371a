"""What a manager touches: the office's settings, its people, devices and programs, the begin and end of a day."""
