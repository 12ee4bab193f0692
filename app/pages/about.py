"""About: what FairKD is, the paper, how to cite both, the embedded models, licence and version."""

from __future__ import annotations

import streamlit as st

from app.about.examination import show_examination
from app.about.texts import model_card
from fairkd import __version__
from fairkd.utils import citation

st.header("About FairKD")
st.markdown(
    "FairKD shows what two **masked language models** predict: a **teacher**, and a **student** that learnt "
    "from it. It measures how differently they treat gendered words, and trains students under fairness "
    "constraints. Everything runs on this machine; the embedded models need no network."
)
st.page_link(
    "app/pages/predictions.py",
    label="Predictions: which words the models expect",
    icon=":material/view_column:",
)
st.page_link(
    "app/pages/gaps.py",
    label="Gaps: one group of words against another",
    icon=":material/balance:",
)
st.page_link(
    "app/pages/measures.py", label="Measures: benchmarks of bias and quality", icon=":material/straighten:"
)
st.page_link("app/pages/distill.py", label="Distill: train a student", icon=":material/science:")
st.page_link("app/pages/runs.py", label="Runs: watch and compare students", icon=":material/monitoring:")
st.subheader("The method")
st.markdown(
    "Pieter Delobelle and Bettina Berendt: *FairDistillation: Mitigating Stereotyping in Language Models*. "
    "ECML-PKDD 2022. [arXiv 2207.04546](https://arxiv.org/abs/2207.04546). The teacher's predictions are "
    "edited before the student learns from them."
)
st.subheader("How to cite")
st.code(citation(), language="bibtex", wrap_lines=True)
st.subheader("Licence and version")
st.markdown(
    f"FairKD {__version__}. Licence: [Apache 2.0](https://www.apache.org/licenses/LICENSE-2.0). The sources "
    "of the embedded models' weights and texts have licences of their own, which the model card names."
)
show_examination()
st.subheader("Model card of the embedded models")
st.markdown(model_card())
st.caption("The students' settings in full are in `fairkd/assets/MODEL_CARD.md`.")
