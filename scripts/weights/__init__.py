"""One recipe per stem: each trains with the page's own code and writes the weights of its demo."""
