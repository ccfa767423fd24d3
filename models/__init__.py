"""The shipped illustrator, the CLIP that judges it, and the code that trained both."""
