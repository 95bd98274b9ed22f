"""Speed figures, each with its yardstick in the same run; never imported by the product."""
