"""A run from a file to a folder: `normax path` and `normax compare`, and what they share."""
