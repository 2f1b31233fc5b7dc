"""The subcommands of `cds-service`, one module per group."""
