"""What all faces share: the base page and its look, the live feed, errors, settings, the server."""
