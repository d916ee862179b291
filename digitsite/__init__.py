"""Wiring: settings, routes, the web server and the one-machine supervisor."""
