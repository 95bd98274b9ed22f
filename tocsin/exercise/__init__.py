"""A simulated attack in native log formats amid weeks of ordinary traffic: something true to life to show."""
