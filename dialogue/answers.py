"""What may be said next, told to the recogniser, and answers snapped to what was expected."""

