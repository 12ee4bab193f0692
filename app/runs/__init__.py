"""The parts of the Runs page: the list, one run, several runs compared."""
