"""From scenarios to verified answers, planned from the catalogue, given by experts or a teacher, paid for once."""
