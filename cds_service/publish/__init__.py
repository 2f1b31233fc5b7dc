"""Pages that show the knowledge behind the cards."""
