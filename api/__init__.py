"""The programs' door: JSON under `/api/v1`, the same commands and refusals as every other face."""
