"""What two processes must agree on, and nothing else: jobs, queues, policy, events, settings."""
