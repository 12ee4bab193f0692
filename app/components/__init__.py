"""Figures drawn by our own JavaScript, as inline Streamlit components.

- `columns`: the models' shaded cells at every token of a sentence, and the chosen position below them.
- `bars`: the models' words at one position, as data for bars.
- `dumbbells`: both models' gap for each profession.
- `triangle`: two words and all others as a triangle, in which p is dragged and the constraints follow.
- `chart`: a plotly figure with its title and its download.
- `browser`: follows the system's theme, and keeps the browser's history.
- `drawing`: registers the components with Streamlit.
"""
