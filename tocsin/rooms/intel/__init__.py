"""What is known of addresses, names and hashes, whoever saw them."""
