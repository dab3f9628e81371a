"""What an auditor touches: any day at any instant, the stories in it, whether its record holds, and exports."""
