"""Let PostgreSQL know how common many words are: it then reads the newest documents where a word is common, and the
index of words where it is rare."""

from __future__ import annotations

from django.db import migrations

from tocsin.platform.search import engine


class Migration(migrations.Migration):
    dependencies = [("search", "0001_initial")]
    operations = [migrations.RunPython(engine.know_words, migrations.RunPython.noop)]
