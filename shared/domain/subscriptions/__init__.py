"""What was sold and what happened to it: subscriptions as lists of events. See README.md in this folder."""
