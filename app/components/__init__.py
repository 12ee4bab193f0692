"""Figures drawn by our own JavaScript, as inline Streamlit components.

- `columns`: the shaded cells of both models at every token of a sentence.
- `bars`: both models' words at one position.
- `dumbbells`: both models' gap for each profession.
- `zoom`: plotly charts that keep their zoom while their data change.
- `drawing`: registers the components with Streamlit.
"""
