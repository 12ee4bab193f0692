"""The Streamlit front end: the only package that knows streamlit and plotly."""
