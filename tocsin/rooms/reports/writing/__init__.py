"""Write a report: as Markdown, as PDF. What people wrote stays text in both."""
