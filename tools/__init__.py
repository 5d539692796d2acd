"""What maintainers and make run; not part of the wheel."""
