"""What waits for one person: lines in the page, digests by mail, signed webhooks, and news of open pages."""
