"""Files as Arrow tables: where they lie, how they are packed, encoded and parted, what is wrong with them."""
