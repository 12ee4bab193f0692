"""The parts of the Gaps page: inputs, validation, results and views."""
