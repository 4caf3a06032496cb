"""What a home can change, and the lowest layer of the program."""
