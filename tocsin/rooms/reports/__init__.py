"""Reports: what is known of something, as a document to take along."""
