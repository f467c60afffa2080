"""scikit-learn's faces on the paths, and the path functions."""
