"""Plotly figures: pure functions from a DataFrame to a Figure, without Streamlit.

- `base`: the layout, colours, guides and labels that all figures share.
- `text`: escaped text, and numbers as text.
- `series`: colour, dash and symbol of each run in a figure.
- `gaps`, `sentence_pairs`: the Gaps page.
- `predictions`: the Predictions page.
- `constraint_preview`: the Distill page.
- `runs`, `run_comparison`, `watched_sentences`: the Runs page.
"""
