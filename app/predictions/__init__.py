"""The Predictions page: which words the models expect at every position of a sentence.

- `inputs`: the sentence and the controls; `page`: the figure and what stands below it.
- `view`: the figure as JSON, from the predictions alone; `position`: one position of it.
- `stored`: views that are drawn before PyTorch is loaded.
- `compared`: two words as odds; `along`: the measures at every position.
- `hints`: what may be wrong with a sentence; `gap_link`: the way from a sentence to its gap.
"""
