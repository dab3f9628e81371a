"""Read models: what pages look for over many days and people, as tables that follow the ledger and may be lost."""
