"""The commands of `trocha`, by what they are about."""
