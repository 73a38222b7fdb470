"""What bench/run is made of: who competes, how they are measured in turn, and how it is told."""
