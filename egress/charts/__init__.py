"""Charts drawn by the enclave from the tables that leave: Vega-Lite made here, vl-convert in a confined child."""
