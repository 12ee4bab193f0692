"""Measures of quality and bias, one file each."""
