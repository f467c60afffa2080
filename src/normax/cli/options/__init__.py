"""What was typed: the words of the command line, and the options of a run, settled."""
