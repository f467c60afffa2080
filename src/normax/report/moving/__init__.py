"""What moves on the page: the numbers that its script draws from, and the script itself."""
