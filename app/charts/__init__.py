"""Pure functions from a DataFrame to a plotly Figure; no Streamlit, no state."""
