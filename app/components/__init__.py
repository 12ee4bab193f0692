"""Streamlit v2 components of our own: inline, without an iframe."""
