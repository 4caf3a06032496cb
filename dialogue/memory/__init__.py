"""What the robot may remember about a person: with consent, sealed with the person's own key."""
