"""Who is on call when, how they are paged, who stands in for whom, and who serves in another team."""
