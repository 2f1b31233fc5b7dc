"""What codes, texts and units mean. Knows no patients, rules or HTTP."""
