"""Tell everyone concerned, each only their own facts, and know who has answered."""
