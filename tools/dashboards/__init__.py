"""What is on each Grafana dashboard: a file each, found by its name, with one `DASHBOARD`."""
