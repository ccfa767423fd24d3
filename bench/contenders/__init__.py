"""Each way to draw the same orders: `draw` takes an order and gives a PNG file."""
