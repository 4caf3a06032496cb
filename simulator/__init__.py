"""The robot in the browser: its page, and the link between open pages and the program."""
