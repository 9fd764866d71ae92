"""The folder that a re-run begins from: the notebook, under this name, and its helper files."""

NOTEBOOK = "notebook.ipynb"
