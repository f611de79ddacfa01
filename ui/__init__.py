"""What people see: the command line, the pages and the HTTP API. No SQL and no ranking lives here."""
