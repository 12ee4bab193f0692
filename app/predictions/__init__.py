"""The parts of the Predictions page: both models at the chosen position."""
