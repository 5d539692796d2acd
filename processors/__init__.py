"""The fold: consent events to the current state of each number, on Faust."""
