"""The program: its command line, its parts put together, and the body."""
