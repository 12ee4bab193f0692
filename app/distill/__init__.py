"""The parts of the Distill page: variants, their constraint, text, preview and start."""
