"""What asks other hosts: the client, the check of outside links, the check of references."""
