"""Tables, plots and a page from records alone."""
