"""What protects the service and its users at the HTTP edge."""
