"""Predictions: what teacher and student expect at every position of a sentence."""

import streamlit as st

from app.sidebar import chosen_models

teacher, student = chosen_models()
st.title("Predictions")
