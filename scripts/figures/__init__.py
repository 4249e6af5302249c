"""One recipe per stem: each computes its numbers, writes them as CSV and draws them as SVG."""
