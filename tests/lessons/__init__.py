"""Tests of `fairkd.lessons`."""
