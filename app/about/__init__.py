"""The texts of the About page."""
