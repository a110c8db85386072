"""What is more than chance: clusters, tested and corrected, and how they change."""
