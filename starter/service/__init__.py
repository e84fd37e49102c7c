"""What the doors offer, whatever the door: reads go to the books, every change to a workflow."""
