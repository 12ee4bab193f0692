"""Tests of the Studies page."""
