"""The office in a world of its own, where a seed decides who goes on and what fails (docs/decisions/simulation.md)."""
