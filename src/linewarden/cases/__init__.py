"""What we decide: notices become cases, with a timeline, a priority and what it means for the process. Pure."""
