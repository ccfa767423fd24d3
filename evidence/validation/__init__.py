"""Whether the predictions of the queueing models hold on the real stack, run by run."""
