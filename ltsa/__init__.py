"""The domain of a one-roof service office: pure rules, and the ledger that keeps what they decided."""
