"""Facts, knowledge, rules and cards. Evaluation is pure: no clock, no I/O, no HTTP."""
