"""Search over everything one may see, from one box.

Rooms name what can be found in their `search.py` (`SOURCES`). Triggers of the database note what changed, whoever
changed it; a job brings the index up to date within seconds. Every document of the index carries who may read it, as
words of the index, so that the database itself leaves out what a person may not see; what is found is then asked of the
room once more (`Source.visible`), so that an index that lags behind never tells of anything.
"""
