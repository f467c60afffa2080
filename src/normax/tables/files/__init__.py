"""Files as Arrow tables: where they lie, how they are packed, encoded and parted, and what is wrong with them."""
