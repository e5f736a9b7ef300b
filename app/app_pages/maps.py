import streamlit as st

st.title("maps")
