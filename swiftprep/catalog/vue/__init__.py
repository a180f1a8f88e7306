"""Read facts about components from a single Vue, JavaScript or TypeScript file."""
