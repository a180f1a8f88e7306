"""What one Vue, JavaScript or TypeScript file says about components."""
