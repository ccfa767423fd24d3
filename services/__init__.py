"""The processes that meet a client, and the contract every process shares."""
