"""What an officer touches: the desk; and the supervisor's view of all desks."""
