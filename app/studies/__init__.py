"""The parts of the Studies page: the grid to start, the cells while they fill, and the results over seeds."""
