import streamlit as st

st.title("information")
