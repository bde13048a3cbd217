"""The door of agents: enrolment, batches of people and passwords, what is held, heartbeats. docs/contract.md."""
