"""A decision as a short legal note and as one line for agents; pure, in zh and en."""
