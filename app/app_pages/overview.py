import streamlit as st
from app.components.run_picker import chosen_run
run = chosen_run()
st.title(run.name)
from app import loaders
from app.components.cards import Card, make_catalogue, draw_strip
c = make_catalogue(loaders.table(run, "items"))
draw_strip([Card(i, corner=str(n+1), note="Synergy +1.2", mark="true next" if n==2 else "", selected=n==1) for n, i in enumerate(c.items.values()) if n<18], c, label="x")
