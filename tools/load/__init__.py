"""`python3 app.py load`: kiosks, officers, displays and phones use an office at once; what they felt is a report."""
